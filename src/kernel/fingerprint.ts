import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { fail, ok, type Result, type Tool } from "../model/index.ts";

const CHUNK = 65_536;

/**
 * The hash of what a tool is: its source, its command and its schema (SHA-256, hexadecimal). What was approved or
 * recorded under one fingerprint says nothing about a tool with another.
 * @param workspace real path of the workspace folder
 */
export function fingerprintTool(tool: Tool, workspace: string): Result<string> {
  const hash = createHash("sha256");
  const description = { argv: tool.entry.argv, schema: tool.schema, category: tool.category, limits: tool.limits };
  hash.update(JSON.stringify(description));
  const path = join(workspace, tool.file);
  try {
    // Non-blocking, so that a pipe put in the file's place cannot hang the gate.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!fstatSync(descriptor).isFile()) throw new Error("it is not a regular file");
      const buffer = Buffer.alloc(CHUNK);
      for (let read = readSync(descriptor, buffer); read > 0; read = readSync(descriptor, buffer)) {
        hash.update(buffer.subarray(0, read));
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail("no-file", `${tool.name}: its file cannot be read: ${why}`, { file: tool.file, line: tool.line });
  }
  return ok(hash.digest("hex"));
}
