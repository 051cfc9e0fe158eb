/**
 * Values that no text of the tool gives, judged by hand from its code: what is configured or installed on the machine
 * decides. They came out the same in both runs of the truth only because these have the same user, packages and
 * configuration. Of such a value a reader is right to say that it is not known, and only that.
 */
interface FromOutside {
  readonly workspace: string;
  readonly field: "default" | "choices";
  /** Options by one of their flags, positional parameters by their name. */
  readonly parameters: readonly string[];
  /** Where the value comes from. */
  readonly source: string;
}

const FROM_OUTSIDE: readonly FromOutside[] = [
  {
    workspace: "ansible-core",
    field: "default",
    parameters: [
      "--verbose",
      "--become-method",
      "--poll",
      "--connection",
      "--timeout",
      "--forks",
      "--task-timeout",
      "--module-name",
      "--required-valid-signature-count",
    ],
    source: "ansible.cfg and ANSIBLE_… variables, over a table in a data file",
  },
  { workspace: "ansible-core", field: "default", parameters: ["--truncate"], source: "the width of the terminal" },
  {
    workspace: "ansible-core",
    field: "choices",
    parameters: ["entry_point"],
    source: "the console commands installed",
  },
  {
    workspace: "ansible-core",
    field: "choices",
    parameters: ["--test", "--skip-test"],
    source: "the files of a folder",
  },
  { workspace: "asciinema", field: "default", parameters: ["--env", "--speed"], source: "the user's configuration" },
  { workspace: "bandit", field: "default", parameters: ["--format"], source: "the plugins installed" },
  { workspace: "bandit", field: "choices", parameters: ["--format"], source: "the plugins installed" },
  {
    workspace: "borgbackup",
    field: "default",
    parameters: ["--stdin-user", "--stdin-group"],
    source: "the machine's users and groups",
  },
  { workspace: "csvkit", field: "choices", parameters: ["--dialect"], source: "the SQLAlchemy that is installed" },
  {
    workspace: "debmake",
    field: "default",
    parameters: ["--email", "--fullname"],
    source: "the user's name and address",
  },
  { workspace: "eyed3", field: "default", parameters: ["--fs-encoding"], source: "the locale" },
  {
    workspace: "git-review",
    field: "default",
    parameters: ["--no-rebase", "--no-track"],
    source: "the configuration of git",
  },
  { workspace: "python3-can", field: "choices", parameters: ["--interface"], source: "the plugins installed" },
  {
    workspace: "python3-docutils",
    field: "default",
    parameters: ["--template", "--stylesheet", "--stylesheet-path", "--stylesheet-dirs"],
    source: "where the package is installed",
  },
  { workspace: "python3-docutils", field: "default", parameters: ["--language"], source: "the locale" },
  {
    workspace: "reportbug",
    field: "default",
    parameters: [
      "--ui",
      "--maintonly",
      "--report-quiet",
      "--query-source",
      "--no-query-source",
      "--debconf",
      "--no-debconf",
      "--check-available",
      "--no-check-available",
      "--verify",
      "--no-verify",
    ],
    source: "/etc/reportbug.conf and the user's configuration",
  },
  { workspace: "twine", field: "choices", parameters: ["command"], source: "the commands installed" },
];

/** Whether a value of a parameter comes from outside the tool's own text. */
export function isFromOutside(
  workspace: string,
  { name, flags }: { readonly name: string; readonly flags: readonly string[] },
  field: "default" | "choices",
): boolean {
  const names = flags.length === 0 ? [name] : flags;
  return FROM_OUTSIDE.some(
    (one) =>
      one.workspace === workspace &&
      one.field === field &&
      one.parameters.some((parameter) => names.includes(parameter)),
  );
}
