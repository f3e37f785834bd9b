// Reads AsyncAPI documents with the parser of those who keep the specification; prints what it found in each as JSON.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const names = (collection, name) => collection.all().map(name);

async function read(path) {
  const { document, diagnostics } = await new Parser().parse(readFileSync(path, "utf8"));
  const told = diagnostics.map(({ severity, code, path }) => ({ severity, code, path: path.join("/") }));
  if (document === undefined) return { accepted: false, told };
  return {
    accepted: true,
    told,
    channels: names(document.channels(), (channel) => channel.address()),
    operations: names(document.operations(), (operation) => operation.id()),
    messages: names(document.components().messages(), (message) => message.name()),
  };
}

const found = [];
for (const path of process.argv.slice(2)) found.push(await read(path));
process.stdout.write(JSON.stringify(found));
