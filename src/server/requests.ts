import { setImmediate as turn } from "node:timers/promises";
import { type CancellationToken, ErrorCodes, LSPErrorCodes, ResponseError } from "vscode-languageserver/node";
import type * as z from "zod";
import { parseBoundary, type Result } from "../model/index.ts";

/** A request's answer; `params` come unchecked from requests of our own, and checked by the protocol from the others. */
export type Answer<P, R> = (params: P, token: CancellationToken) => R | Promise<R>;

/** The params of a request of our own, or the protocol's error that names the wrong field. */
export function required<S extends z.ZodType>(schema: S, params: unknown, method: string): z.infer<S> {
  const parsed = parseBoundary(schema, params, method);
  if (!parsed.ok) throw new ResponseError(ErrorCodes.InvalidParams, parsed.problem.message);
  return parsed.value;
}

/** The value of a result, or the protocol's error with the problem's sentence. */
export function answered<T>(result: Result<T>): T {
  if (!result.ok) throw new ResponseError(LSPErrorCodes.RequestFailed, result.problem.message);
  return result.value;
}

function cancelled(): ResponseError {
  return new ResponseError(LSPErrorCodes.RequestCancelled, "cancelled");
}

/**
 * An answer that is not worked out when nobody waits for it any more: what has arrived since the request (its own
 * cancellation, a newer text) is heard first.
 */
export function cancellable<P, R>(answer: Answer<P, R>): (params: P, token: CancellationToken) => Promise<R> {
  return async (params, token) => {
    await turn();
    if (token.isCancellationRequested) throw cancelled();
    return await answer(params, token);
  };
}

/** The work's outcome, or the protocol's error as soon as the request is cancelled. */
export async function orCancelled<T>(work: Promise<T>, token: CancellationToken): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const cancel = (): void => reject(cancelled());
    if (token.isCancellationRequested) cancel();
    const listener = token.onCancellationRequested(cancel);
    work.then(resolve, reject).finally(() => listener.dispose());
  });
}

/** Runs work that takes a signal, and ends it when the request is cancelled. */
export async function withSignal<T>(token: CancellationToken, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const listener = token.onCancellationRequested(() => stop.abort());
  try {
    return await work(stop.signal);
  } catch (error) {
    if (stop.signal.aborted) throw cancelled();
    throw error;
  } finally {
    listener.dispose();
  }
}
