// Writes src/app/api/schema.ts from a server's OpenAPI document:
//   node scripts/api-types.mjs http://localhost:8000            writes it
//   node scripts/api-types.mjs http://localhost:8000 --check    says whether it is stale
// Covers what our document uses: objects, arrays, enums, allOf, oneOf, null; anything else becomes `unknown`.

import { readFile, writeFile } from "node:fs/promises";

const FILE = new URL("../src/app/api/schema.ts", import.meta.url);
const PAGE = "Page_";
const METHODS = ["get", "post", "put", "patch", "delete"];

/** Names the document defines; parameters may name a type it does not. */
let known = new Set();

/** TypeScript for the whole document. */
export function generate(document) {
  const given = document.components?.schemas ?? {};
  // Pages are written out in the document; here they are one generic type, and what they list has its own.
  const listed = Object.entries(given).flatMap(([name, schema]) => {
    const item = name.slice(PAGE.length);
    return name.startsWith(PAGE) && given[item] === undefined ? [[item, schema.properties.items.items]] : [];
  });
  const named = [...Object.entries(given).filter(([name]) => !name.startsWith(PAGE)), ...listed].toSorted(([a], [b]) => (a < b ? -1 : 1));
  known = new Set([...Object.keys(given), ...named.map(([name]) => name)]);
  const parts = [
    "/** Written by scripts/api-types.mjs from the server's OpenAPI document; do not edit. */\n",
    "export interface Page<T> {\n  items: T[];\n  /** Pass as `cursor` for the next page; nothing on the last. */\n  next?: number | null;\n}\n",
    ...named.map(([name, schema]) => `${comment(schema.description, "")}export type ${typeName(name)} = ${type(schema, "")};\n`),
    operations(document),
  ];
  return parts.join("\n");
}

function operations(document) {
  const lines = [];
  for (const [path, methods] of Object.entries(document.paths).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    for (const method of METHODS.filter((name) => methods[name] !== undefined)) {
      const operation = methods[method];
      lines.push(
        comment(operation.summary, "  ") +
          `  "${method.toUpperCase()} ${path}": {\n` +
          `    path: ${parameters(operation, "path")};\n` +
          `    query: ${parameters(operation, "query")};\n` +
          `    body: ${content(operation.requestBody)};\n` +
          `    answer: ${answer(operation)};\n` +
          "  };\n",
      );
    }
  }
  return `/** Every call: method and path, what goes in, what comes out. */\nexport interface Operations {\n${lines.join("")}}\n`;
}

function parameters(operation, place) {
  const found = (operation.parameters ?? []).filter((parameter) => parameter.in === place);
  if (found.length === 0) return "undefined";
  const fields = found.map(({ name, required, schema }) => `${name}${required ? "" : "?"}: ${type(schema ?? {}, "")}`);
  return `{ ${fields.join("; ")} }`;
}

function answer(operation) {
  const good = Object.entries(operation.responses ?? {}).find(([status]) => status.startsWith("2"));
  return content(good?.[1]);
}

function content(holder) {
  const schema = holder?.content?.["application/json"]?.schema;
  return schema === undefined ? "undefined" : type(schema, "    ");
}

function type(schema, indent) {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1);
    return known.has(name) ? typeName(name) : "string";
  }
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.allOf !== undefined) return schema.allOf.map((part) => type(part, indent)).join(" & ");
  if (schema.oneOf !== undefined) return [...new Set(schema.oneOf.map((part) => type(part, indent)))].join(" | ");
  const kinds = [schema.type].flat();
  return kinds.map((kind) => single(kind, schema, indent)).join(" | ");
}

function single(kind, schema, indent) {
  switch (kind) {
    case "integer":
    case "number":
      return "number";
    case "string":
    case "boolean":
    case "null":
      return kind;
    case "array": {
      const item = type(schema.items ?? {}, indent);
      return /[|&]/.test(item) ? `(${item})[]` : `${item}[]`;
    }
    case "object":
      return object(schema, indent);
    default:
      return "unknown";
  }
}

function object(schema, indent) {
  if (schema.properties === undefined) return "Record<string, unknown>";
  const required = new Set(schema.required ?? []);
  const inner = `${indent}  `;
  const fields = Object.entries(schema.properties).map(
    ([name, value]) => `${comment(value.description, inner)}${inner}${name}${required.has(name) ? "" : "?"}: ${type(value, inner)};\n`,
  );
  return `{\n${fields.join("")}${indent}}`;
}

function typeName(name) {
  return name.startsWith(PAGE) ? `Page<${name.slice(PAGE.length)}>` : name;
}

function comment(text, indent) {
  return text === undefined || text === "" ? "" : `${indent}/** ${text.trim().replaceAll("*/", "* /").replaceAll(/\s*\n\s*/g, " ")} */\n`;
}

/** The document as the server at `origin` serves it. */
export async function fetchDocument(origin) {
  const response = await fetch(`${origin}/api/v1/openapi.json`);
  if (!response.ok) throw new Error(`${origin} answered ${response.status} for its OpenAPI document`);
  return response.json();
}

/** What is committed. */
export function committed() {
  return readFile(FILE, "utf8");
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const origin = process.argv.slice(2).find((argument) => argument.startsWith("http")) ?? "http://localhost:8000";
  const text = generate(await fetchDocument(origin));
  if (!process.argv.includes("--check")) await writeFile(FILE, text);
  else if (text !== (await committed())) {
    process.stderr.write("src/app/api/schema.ts is stale: run `npm run api-types` against this server\n");
    process.exitCode = 1;
  }
}
