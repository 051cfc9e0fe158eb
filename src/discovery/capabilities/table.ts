import type { CapabilityName } from "../../model/index.ts";
import { PACKAGE_RULES } from "./table/packages.ts";
import { SERVICE_RULES } from "./table/services.ts";
import { STANDARD_RULES } from "./table/standard.ts";

/** Which argument of a call names what it touches; a position or a keyword. */
export interface ScopeArgument {
  readonly kind: "path" | "host" | "program";
  readonly position: number;
  readonly keyword?: string;
}

/**
 * On what the need depends:
 * - `reads`, `writes`: the file mode, at `mode` (position) or the keyword `mode`; reading is the default. `isNamed`: only
 *   where the mode is there in words; `unless`: not where the argument at this position, or `fileobj`,
 *   gives an open file instead;
 * - `flags`: the flags of `os.open`, at the position; unknown ones may do both;
 * - `stores`: the attribute is assigned to, deleted or changed in place, not just read;
 * - `unsafe-loader`: no `Safe` loader is named;
 * - `given`: the argument is there and not `None`;
 * - `is-not-text`: the argument is not a text that is there in words;
 * - `is-other-than`: the argument is there, and not known to be this text;
 * - `is-not-named`: the argument is not the constant of this name, or of one of these, whatever module it is from;
 * - `is-true`, `is-not-true`: the keyword is the literal `True`, or is not;
 * - `is-url`, `is-not-url`: the argument is known to be a web address, or is not known to be one.
 */
export type Condition =
  | { readonly kind: "reads" | "writes"; readonly mode: number; readonly isNamed?: true; readonly unless?: number }
  | { readonly kind: "flags"; readonly position: number; readonly access: "reads" | "writes" }
  | { readonly kind: "stores" }
  | { readonly kind: "unsafe-loader" }
  | { readonly kind: "given" | "is-not-text"; readonly position: number; readonly keyword?: string }
  | { readonly kind: "is-other-than"; readonly position: number; readonly keyword?: string; readonly text: string }
  | { readonly kind: "is-not-named"; readonly position: number; readonly keyword?: string; readonly names: string }
  | { readonly kind: "is-true" | "is-not-true"; readonly keyword: string }
  | { readonly kind: "is-url" | "is-not-url"; readonly position: number; readonly keyword?: string };

/** One row of the table: calls that need a capability. */
export interface CapabilityRule {
  readonly capability: CapabilityName;
  /** Completes “this line …”. */
  readonly why: string;
  /**
   * Qualified names after import aliases are resolved, methods of an object under the name of its class
   * (`pathlib.Path.unlink`). `x.*` stands for everything in `x`. A plain `.name` is a method of an object whose class
   * is not known: only names that mean one thing stand here.
   */
  readonly names: string;
  readonly when?: Condition;
  readonly scope?: ScopeArgument;
  /** Reading the attribute counts, not only calling it. */
  readonly onReference?: true;
}

/**
 * What calls of Python code need. It covers the standard library's audit events (PEP 578, `docs.python.org/3/library/
 * audit_events.html`; `audit-events.test.ts` goes through them) and the packages that are used most; a call that is not
 * listed proves nothing either way.
 */
export const CAPABILITY_RULES: readonly CapabilityRule[] = [...STANDARD_RULES, ...PACKAGE_RULES, ...SERVICE_RULES];

/** Names of environment variables that hold secrets; no `TOKENIZERS_PARALLELISM`, `MAX_TOKENS`, `AUTHOR` or `KEYBOARD`. */
export const SECRET_NAME =
  /(?:KEYS?|TOKEN|SECRETS?|PASSWORDS?|PASSWD|PASSPHRASE|CREDENTIALS?|AUTH(?:ENTICATION|ORIZATION)?)(?:FILE|PATH)?(?![A-Z])/iu;

/** Paths where secrets are kept. */
export const SECRET_PATH =
  /(?:^|\/)(?:\.ssh|\.aws|\.gnupg|\.netrc|\.kube|\.docker\/config\.json|\.config\/gcloud|\.env|\.pgpass|\.git-credentials|id_rsa|id_ed25519)(?:\/|$)/u;
