import type { Curve } from "./section.ts";

/** One measurement of a curve. */
export interface Point {
  readonly services: number;
  readonly value: number;
}

const panel = { width: 360, height: 220, left: 56, right: 16, top: 40, bottom: 36 };
const columns = 2;

const escapeXml = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("`", "");
const short = (value: number): string =>
  value >= 1000 ? `${(value / 1000).toLocaleString("en-US", { maximumFractionDigits: 1 })}k` : String(value);

/** A round number that is not less: 1, 2 or 5 by a power of ten. */
const ceiling = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((limit) => limit >= value) ?? value;
};

const text = (x: number, y: number, content: string, anchor: string, kind = ""): string =>
  `<text x="${x}" y="${y.toFixed(1)}" text-anchor="${anchor}"${kind}>${escapeXml(content)}</text>`;

/** Where a curve would end if it went on as it does up to the base. */
const straightEnd = (points: readonly Point[], base: number, first: Point, last: Point): Point => {
  const middle = points.find(({ services }) => services === base) ?? last;
  const slope =
    middle.services > first.services ? (middle.value - first.value) / (middle.services - first.services) : 0;
  return { services: last.services, value: Math.max(0, first.value + slope * (last.services - first.services)) };
};

const drawPanel = ({ title, unit, points }: Curve, base: number, x: number, y: number): string => {
  const last = points.at(-1);
  const first = points[0];
  if (first === undefined || last === undefined) return "";
  const maxServices = last.services;
  const end = straightEnd(points, base, first, last);
  const maxValue = ceiling(Math.max(end.value, ...points.map(({ value }) => value)) * 1.05);
  const [innerWidth, innerHeight] = [panel.width - panel.left - panel.right, panel.height - panel.top - panel.bottom];
  const toX = (services: number): number => panel.left + (services / maxServices) * innerWidth;
  const toY = (value: number): number => panel.top + innerHeight * (1 - value / maxValue);
  const spot = ({ services, value }: Point): string => `${toX(services).toFixed(1)},${toY(value).toFixed(1)}`;
  const lines = [0, 0.5, 1].map((part) => {
    const level = toY(maxValue * part).toFixed(1);
    return `<line class="grid" x1="${panel.left}" x2="${panel.width - panel.right}" y1="${level}" y2="${level}"/>${text(panel.left - 6, toY(maxValue * part) + 4, short(maxValue * part), "end")}`;
  });
  const labels = panel.height - panel.bottom + 16;
  return `<g transform="translate(${x} ${y})">
${text(panel.left, 20, `${title} (${unit})`, "start", ' class="title"')}
${lines.join("\n")}
${text(panel.left, labels, "1", "middle")}${text(toX(maxServices / 2), labels, `${short(maxServices / 2)} Services`, "middle")}${text(panel.width - panel.right, labels, short(maxServices), "end")}
<polyline class="straight" points="${spot(first)} ${spot(end)}"/>
<polyline class="curve" points="${points.map(spot).join(" ")}"/>
${points.map((point) => `<circle cx="${toX(point.services).toFixed(1)}" cy="${toY(point.value).toFixed(1)}" r="3"><title>${point.services} Services: ${point.value.toFixed(1)} ${unit}</title></circle>`).join("")}
</g>`;
};

/** Draws each curve in a panel of its own, beside the straight line through its first point and the one at the base. */
export const plotGrowth = (curves: readonly Curve[], base: number): string => {
  const rows = Math.ceil(curves.length / columns);
  const [width, height] = [columns * panel.width, rows * panel.height];
  const panels = curves.map((curve, index) =>
    drawPanel(curve, base, (index % columns) * panel.width, Math.floor(index / columns) * panel.height),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Growth with the number of Services">
<style>
svg { background: #fff; font: 12px system-ui, sans-serif; }
text { fill: #57606a; } .title { fill: #1f2328; font-weight: 600; }
.grid { stroke: #d0d7de; } .straight { fill: none; stroke: #8c959f; stroke-dasharray: 4 4; }
.curve { fill: none; stroke: #0969da; stroke-width: 2; } circle { fill: #0969da; }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117; } text { fill: #9198a1; } .title { fill: #f0f6fc; }
  .grid { stroke: #30363d; } .straight { fill: none; stroke: #6e7681; } .curve { stroke: #58a6ff; } circle { fill: #58a6ff; }
}
</style>
${panels.join("\n")}
</svg>
`;
};
