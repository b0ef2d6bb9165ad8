// Writes a ZIP of files to stdout, as a stream: jszip.mjs STORE|DEFLATE SIZES_FOLLOW FOLDER FILE...
import { readFileSync } from "node:fs";
import { join } from "node:path";
import JSZip from "jszip";

const [compression, sizesFollow, folder, ...files] = process.argv.slice(2);
const zip = new JSZip();
for (const file of files) {
  zip.file(file, readFileSync(join(folder, file)));
}
zip.generateNodeStream({ compression, streamFiles: sizesFollow === "true" }).pipe(process.stdout);
