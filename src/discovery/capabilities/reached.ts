import type { Need } from "./rules.ts";
import { accepts, type CallShape, type Method, type Signature } from "./units.ts";

/** Parts of a program that are followed from its entry; more is not looked at. */
const MAX_UNITS = 4_000;

/** A part of a program in the graph of what reaches what, shared by all tools that come by. */
export interface Part extends Mark {
  readonly file: PartFile;
  readonly unit: string;
  /** Worked out when a tool first gets here. */
  steps: Steps | null;
  /** Of a class: the methods, its own and inherited ones, with which objects of it answer. */
  answers: readonly Part[] | null;
  /** Of a method: its class. */
  owner: Part | null;
}

/** The file of a part. */
export interface PartFile {
  readonly path: string;
  /** The tool that last came by. */
  run: number;
}

/**
 * What has become of a part on the way of one tool. It stands at the part itself: thousands of parts are gone through for each
 * of hundreds of tools, and looking them up in sets is most of what that would cost.
 */
interface Mark {
  /** The tool. */
  run: number;
  /** What is known: the bits below. */
  state: number;
  /** Of a method: those that stand for it once it is asked for. */
  overriding: Visit[] | null;
  /** What is taken out of a variable once that is used. */
  registered: Registered[] | null;
}

const SEEN = 1;
/** Of a class: there are objects of it. */
const MADE = 2;
/** Of a class: there are objects of it, or of one below it. */
const OCCUPIED = 4;
/** Of a class: methods are called by its name. */
const RECEIVER = 8;
/** Of a method: there are objects that answer with it. */
const ANSWERING = 16;
/** Of a method: it is called on an object of its class or of one below it. */
const ASKED = 32;

interface Registered {
  readonly target: Target;
  readonly from: Visit;
}

export function newPart(file: PartFile, unit: string, owner: Part | null): Part {
  return { file, unit, steps: null, answers: null, owner, run: 0, state: 0, overriding: null, registered: null };
}

/** A name that methods have, and what has become of it on the way of one tool. */
export interface MethodName {
  /** The tool. */
  run: number;
  /** Methods of classes of which there are objects, not called by this name so far. */
  waiting: PartMethod[];
  /** Calls on objects whose class is not known, first ones of their kind. */
  callers: Caller[];
}

interface Caller {
  readonly shape: CallShape;
  readonly from: Visit;
}

export function newMethodName(): MethodName {
  return { run: 0, waiting: [], callers: [] };
}

/** A call of a method on an object whose class is not known. The same one for all calls alike. */
export interface MethodCall {
  readonly name: MethodName;
  readonly shape: CallShape;
  /** The tool for which it was last met. */
  run: number;
}

/** What a part needs itself, and which parts it reaches. */
export interface Steps {
  readonly needs: readonly Need[];
  readonly targets: readonly Target[];
  /** Of a class: those that it is derived from. */
  readonly bases: readonly Part[];
  /** Methods that stand for others, which may be called without knowing. */
  readonly overrides: readonly { readonly when: Part; readonly target: Part }[];
  /** What is taken out of a variable once that is used. */
  readonly registrations: readonly { readonly when: Part; readonly target: Target }[];
  /** Methods called on objects whose class is not known. */
  readonly called: readonly MethodCall[];
  /** Of a class: its own methods. */
  readonly methods: readonly PartMethod[];
}

const NONE: readonly never[] = [];

/** Of a part that needs and reaches nothing. */
export const NO_STEPS: Steps = {
  needs: NONE,
  targets: NONE,
  bases: NONE,
  overrides: NONE,
  registrations: NONE,
  called: NONE,
  methods: NONE,
};

interface PartMethod extends Omit<Method, "name"> {
  readonly name: MethodName;
  readonly target: Part;
}

export interface Target {
  readonly kind: "unit" | "object" | "own" | "receiver" | "virtual";
  readonly part: Part;
  readonly isLate: boolean;
}

/** How a tool first got to a part. */
export interface Visit {
  readonly part: Part;
  readonly from: Visit | null;
}

/** Gives what a part leads to. */
export interface Graph {
  steps(part: Part): Steps;
  answers(part: Part): readonly Part[];
}

/**
 * The parts of a program that were reached, in the order in which that was found.
 *
 * Calls of methods are resolved by rapid type analysis (Bacon and Sweeney, OOPSLA 1996): a method counts where there is an
 * object of a class that answers with it. Where no object is known that could answer, the method that is named counts.
 */
export class Reached {
  readonly #graph: Graph;
  readonly #isLateFollowed: boolean;
  readonly #run: number;
  /** In the order in which they were reached; it grows while it is gone through. */
  readonly #visits: Visit[] = [];
  /** How many parts were reached, with those that there is nothing to say about. */
  #count = 0;
  /** Files of all of them. */
  readonly files = new Set<string>();
  /** Those that hold visits of this tool. */
  readonly #marks: Mark[] = [];
  readonly #names: MethodName[] = [];
  /** Classes of which a method makes an object, of itself or of one below it. */
  readonly #awaited = new Map<Part, Visit>();
  /** Methods that were asked and with which no object answers so far. */
  readonly #pending = new Map<Part, Visit | null>();

  /**
   * @param run number of the tool, another one for each
   * @param isLateFollowed whether the program runs, and with it what frameworks were given
   */
  constructor(graph: Graph, run: number, isLateFollowed: boolean) {
    this.#graph = graph;
    this.#run = run;
    this.#isLateFollowed = isLateFollowed;
  }

  /** What is known of a part on the way of this tool. */
  #markOf(part: Part): Mark {
    if (part.run !== this.#run) {
      part.run = this.#run;
      part.state = 0;
    }
    return part;
  }

  #is(part: Part, bit: number): boolean {
    return part.run === this.#run && (part.state & bit) !== 0;
  }

  /** What is known of a name on the way of this tool. */
  #known(name: MethodName): MethodName {
    if (name.run !== this.#run) {
      name.run = this.#run;
      this.#names.push(name);
    }
    return name;
  }

  /** Nothing of this tool is kept where the next one comes by. */
  #letGo(): void {
    for (const mark of this.#marks) {
      mark.overriding = null;
      mark.registered = null;
    }
    for (const name of this.#names) {
      if (name.waiting.length > 0) name.waiting = [];
      if (name.callers.length > 0) name.callers = [];
    }
  }

  add(part: Part, from: Visit | null): void {
    const mark = this.#markOf(part);
    if ((mark.state & SEEN) !== 0 || this.#count >= MAX_UNITS) return;
    mark.state |= SEEN;
    this.#count += 1;
    const { file } = part;
    if (file.run !== this.#run) {
      file.run = this.#run;
      this.files.add(file.path);
    }
    // A third of all parts: most variables, and functions that call nothing.
    if (part.steps !== NO_STEPS) this.#visits.push({ part, from });
    const { registered } = mark;
    if (registered === null) return;
    mark.registered = null;
    for (const { target, from: registrar } of registered) this.#reach(target, registrar);
  }

  /** An object of the class is made. */
  make(part: Part, from: Visit | null): void {
    this.add(part, from);
    const mark = this.#markOf(part);
    if ((mark.state & MADE) !== 0) return;
    mark.state |= MADE;
    this.#occupy(part);
    for (const method of this.#graph.answers(part)) this.#answer(method);
  }

  #reach({ kind, part, isLate }: Target, from: Visit): void {
    if (isLate && !this.#isLateFollowed) return;
    if (kind === "unit") this.add(part, from);
    else if (kind === "object") this.make(part, from);
    else if (kind === "own") this.#makeOwn(part, from);
    else if (kind === "receiver") this.#receive(part);
    else this.#ask(part, from);
  }

  /** There is an object of the class, and with it one of all above it. */
  #occupy(part: Part): void {
    const mark = this.#markOf(part);
    if ((mark.state & OCCUPIED) !== 0) return;
    mark.state |= OCCUPIED;
    for (const base of this.#graph.steps(part).bases) this.#occupy(base);
  }

  /** `cls()` in a method of a class: of the class that it is called on, which may be one below. */
  #makeOwn(part: Part, from: Visit): void {
    if (this.#is(part, RECEIVER)) this.make(part, from);
    else if (!this.#is(part, MADE) && !this.#awaited.has(part)) this.#awaited.set(part, from);
  }

  /** A method is called on the class itself. */
  #receive(part: Part): void {
    const mark = this.#markOf(part);
    if ((mark.state & RECEIVER) !== 0) return;
    mark.state |= RECEIVER;
    const maker = this.#awaited.get(part);
    if (maker !== undefined) this.make(part, maker);
    for (const method of this.#graph.answers(part)) if (this.#isOfClass(method)) this.#answer(method);
  }

  #isOfClass(method: Part): boolean {
    const owner = method.owner === null ? null : this.#graph.steps(method.owner);
    return owner?.methods.some(({ target, isOfClass }) => isOfClass && target === method) === true;
  }

  #answer(method: Part): void {
    this.#markOf(method).state |= ANSWERING;
    const asker = this.#pending.get(method);
    if (asker === undefined) return;
    this.#pending.delete(method);
    this.add(method, asker);
  }

  #ask(method: Part, from: Visit): void {
    const mark = this.#markOf(method);
    if ((mark.state & ASKED) !== 0) return;
    mark.state |= ASKED;
    if ((mark.state & ANSWERING) !== 0) this.add(method, from);
    else this.#pending.set(method, from);
    const { overriding } = mark;
    if (overriding === null) return;
    mark.overriding = null;
    for (const { part, from: maker } of overriding) this.#ask(part, maker ?? from);
  }

  #follow(from: Visit, { targets, bases, overrides, registrations, called, methods }: Steps): void {
    for (const target of targets) {
      // Most of what many tools reach has been reached.
      if (target.kind !== "unit" || !this.#is(target.part, SEEN)) this.#reach(target, from);
    }
    for (const base of bases) this.add(base, from);
    for (const { when, target } of overrides) this.#override(when, target, from);
    for (const { when, target } of registrations) this.#register(when, target, from);
    for (const call of called) this.#call(call, from);
    for (const method of methods) this.#offer(method);
  }

  /** A method that stands for another one. */
  #override(when: Part, part: Part, from: Visit): void {
    const mark = this.#markOf(when);
    if ((mark.state & ASKED) !== 0) this.#ask(part, from);
    else if (mark.overriding !== null) mark.overriding.push({ part, from });
    else {
      mark.overriding = [{ part, from }];
      this.#marks.push(mark);
    }
  }

  /** What a variable holds. */
  #register(when: Part, target: Target, from: Visit): void {
    const mark = this.#markOf(when);
    if ((mark.state & SEEN) !== 0) this.#reach(target, from);
    else if (mark.registered !== null) mark.registered.push({ target, from });
    else {
      mark.registered = [{ target, from }];
      this.#marks.push(mark);
    }
  }

  /** A method of a class that came by: called by its name before, or perhaps later. */
  #offer(method: PartMethod): void {
    const { signature, target } = method;
    const name = this.#known(method.name);
    for (const { shape, from } of name.callers) {
      if (!fits(signature, shape)) continue;
      this.#ask(target, from);
      return;
    }
    name.waiting.push(method);
  }

  #call(call: MethodCall, from: Visit): void {
    if (call.run === this.#run) return;
    call.run = this.#run;
    const { shape } = call;
    const name = this.#known(call.name);
    name.callers.push({ shape, from });
    if (name.waiting.length === 0) return;
    const rest = [];
    for (const method of name.waiting) {
      if (fits(method.signature, shape)) this.#ask(method.target, from);
      else rest.push(method);
    }
    name.waiting = rest;
  }

  /**
   * Objects that nobody else was seen to make, and methods that were asked of such ones.
   * @returns whether there were any
   */
  #settle(): boolean {
    const before = this.#count;
    for (const [part, from] of this.#awaited) if (!this.#is(part, OCCUPIED)) this.make(part, from);
    this.#awaited.clear();
    if (this.#count > before) return true;
    for (const [method, from] of this.#pending) {
      // A class comes by when an object of it, or of one below it, is made: then those are what was asked.
      if (method.owner === null || !this.#is(method.owner, SEEN)) this.add(method, from);
    }
    this.#pending.clear();
    return this.#count > before;
  }

  /** Goes through what is reached, once. */
  follow(needed: (need: Need, visit: Visit) => void): void {
    let next = 0;
    do {
      for (; next < this.#visits.length; next += 1) {
        const visit = this.#visits[next];
        if (visit === undefined) continue;
        const steps = this.#graph.steps(visit.part);
        this.#follow(visit, steps);
        for (const need of steps.needs) needed(need, visit);
      }
    } while (this.#settle());
    this.#letGo();
  }
}

function fits(signature: Signature | null, shape: CallShape): boolean {
  return signature === null || accepts(signature, shape);
}
