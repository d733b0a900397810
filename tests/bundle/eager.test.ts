import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runInNewContext, Script } from "node:vm";
import { compileEagerly, type FunctionRange } from "../../scripts/bundle/eager.ts";

/** A text whose functions stand between « and », as ranges of the text without the marks. */
const marked = (text: string): { readonly text: string; readonly functions: readonly FunctionRange[] } => {
  const functions: FunctionRange[] = [];
  const open: number[] = [];
  let plain = "";
  for (const character of text) {
    if (character === "«") open.push(plain.length);
    else if (character === "»") functions.push({ startOffset: open.pop() ?? 0, endOffset: plain.length });
    else plain += character;
  }
  return { text: plain, functions };
};

const eager = (text: string): string => {
  const { text: plain, functions } = marked(text);
  return compileEagerly(plain, functions);
};

describe("compileEagerly()", () => {
  const taken: Readonly<Record<string, string>> = {
    "let f=«a=>a»;": "let f=(a=>a);",
    "let f=«(a,b)=>a+b»,g=1;": "let f=((a,b)=>a+b),g=1;",
    "let f=«({a,b})=>a»;": "let f=(({a,b})=>a);",
    "let f=«(a=g(1))=>a»;": "let f=((a=g(1))=>a);",
    "let f=«async a=>a»;": "let f=(async a=>a);",
    "let f=«async(a)=>a»;": "let f=(async(a)=>a);",
    "let f=«function(a){return a}»;": "let f=(function(a){return a});",
    "let f=«async function*(a){yield a}»;": "let f=(async function*(a){yield a});",
    "let f=«a=>«b=>a+b»»;": "let f=(a=>(b=>a+b));",
    "let f=«a=>{return «()=>a»}»;": "let f=(a=>{return (()=>a)});",
    "let f={g:«a=>a»,h:«()=>1»};": "let f={g:(a=>a),h:(()=>1)};",
    "[1].map(«a=>a»);": "[1].map((a=>a));",
    'let f=__commonJS({"node_modules/x.js"(exports,module){module.exports=1}});':
      'let f=__commonJS({"node_modules/x.js"(exports,module){module.exports=1}});',
    'let f=__commonJS({«"node_modules/x.js"(exports,module){module.exports=«()=>1»}»});':
      'let f=__commonJS({"node_modules/x.js":(function(exports,module){module.exports=(()=>1)})});',
  };
  for (const [given, wanted] of Object.entries(taken)) {
    it(`puts parentheses into ${given}`, () => {
      assert.equal(eager(given), wanted);
      new Script(wanted);
    });
  }

  const left = [
    "«function f(a){return a}»f(1);",
    "let o={«f(a){return a}»};",
    'let o={«"f"(a){return a}»};',
    "let o={async «f(a){return a}»};",
    "let o={get «f(){return 1}»};",
    "class C{«constructor(a){this.a=a}»«#f(){return 1}»static «g(){return 2}»}",
    "let f=async «a=>a»;",
    "let f=async«(a)=>a»;",
  ];
  for (const given of left) {
    it(`leaves ${given} as it is`, () => assert.equal(eager(given), marked(given).text));
  }

  it("changes nothing that a program can see", () => {
    const text =
      "let f=«(a,b=2)=>a+b»,o={g:«async()=>1»};[f.name,f.length,o.g.name,f(1),[3,1,2].sort(«(a,b)=>a-b»).join()]";
    assert.deepEqual(JSON.stringify(runInNewContext(eager(text))), JSON.stringify(runInNewContext(marked(text).text)));
  });

  it("has V8 cache the code of such functions, which it does not otherwise", () => {
    const body = "{let sum=a;for(let i=0;i<a;i++){sum+=i*2;if(sum>100)return sum-a}return [sum,a,sum*a]}";
    const texts = Array.from({ length: 100 }, (_, index) => `let f${index}=«a=>${body}»;`).join("");
    const cached = (source: string): number => new Script(source).createCachedData().length;
    assert.ok(cached(eager(texts)) > 2 * cached(marked(texts).text));
  });
});
