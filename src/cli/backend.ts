import * as z from "zod";
import { Backend, fail, ok, type Result } from "../model/index.ts";

const BackendName = Backend.or(z.literal("auto"));

/** The value of `--backend`. Problem: `bad-option`. */
export function parseBackend(text: string): Result<Backend | "auto"> {
  const name = BackendName.safeParse(text);
  if (name.success) return ok(name.data);
  return fail("bad-option", `--backend ${text} is not one of ${["auto", ...Backend.options].join(", ")}`);
}
