import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A volume as the kubelet updates it: the file is a link through `..data`, which is swapped by rename. */
export const createConfigMapVolume = async (scratch: string, name: string, text: string) => {
  const folder = await mkdtemp(join(scratch, "volume-"));
  let version = 0;
  const update = async (content: string): Promise<void> => {
    version += 1;
    await mkdir(join(folder, `..${version}`));
    await writeFile(join(folder, `..${version}`, name), content);
    await symlink(`..${version}`, join(folder, "..data_tmp"));
    await rename(join(folder, "..data_tmp"), join(folder, "..data"));
    if (version > 1) await rm(join(folder, `..${version - 1}`), { recursive: true });
  };
  await update(text);
  await symlink(`..data/${name}`, join(folder, name));
  return { path: join(folder, name), update };
};

/** By rename: nobody reads half of it. */
export const replaceFile = async (path: string, text: string): Promise<void> => {
  await writeFile(`${path}.next`, text);
  await rename(`${path}.next`, path);
};
