/** Asking the server. A session that has ended is begun again before anybody loses what they typed. */
import { Problem } from "./problem.ts";

const CSRF = "custody-csrf";

/** Kept beside the cookie, for all tabs: it protects from other sites, not from this page. */
export function rememberToken(token: string | null): void {
  if (token === null) localStorage.removeItem(CSRF);
  else localStorage.setItem(CSRF, token);
}

type Again = () => Promise<void>;
/** There is nobody at the page who could. */
export const nobody: Again = () => Promise.reject(new Problem(401, "access/who", ""));
let signInAgain = nobody;

/** Who asks the reader to sign in again. */
export function onExpired(again: Again): void {
  signInAgain = again;
}

export interface Asked {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
  readonly type?: string;
  /** Whether the answer may be that nobody is signed in. */
  readonly isSigningIn?: boolean;
}

export async function ask(path: string, asked: Asked = {}): Promise<Response> {
  for (;;) {
    const response = await send(path, asked);
    if (response.ok) return response;
    const problem = await Problem.of(response);
    const hasEnded = problem.status === 401 || problem.code === "session/csrf";
    if (!hasEnded || asked.isSigningIn === true) throw problem;
    await signInAgain();
  }
}

/** After so long without anybody at the page it asks by itself, and that keeps no session from ending. */
const ALONE_MS = 60_000;
let actedAt = Date.now();
for (const act of ["pointerdown", "keydown", "wheel", "touchstart"]) {
  addEventListener(act, () => (actedAt = Date.now()), { capture: true, passive: true });
}

async function send(path: string, { method = "GET", json, bytes, type }: Asked): Promise<Response> {
  const headers: Record<string, string> = {};
  const token = localStorage.getItem(CSRF);
  if (token !== null && method !== "GET") headers["X-CSRF-Token"] = token;
  if (Date.now() - actedAt > ALONE_MS) headers["X-Background"] = "1";
  let body: BodyInit | null = null;
  if (json !== undefined) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(json);
  } else if (bytes !== undefined) {
    headers["Content-Type"] = type ?? "application/octet-stream";
    body = bytes as BufferSource;
  }
  try {
    return await fetch(path, { method, headers, body, credentials: "same-origin", cache: "no-store" });
  } catch {
    throw new Problem(0, "http/unreachable", "");
  }
}

export async function askJson<T>(path: string, asked: Asked = {}): Promise<T> {
  return (await (await ask(path, asked)).json()) as T;
}

export async function askBytes(path: string): Promise<Uint8Array> {
  return new Uint8Array(await (await ask(path)).arrayBuffer());
}

/** Between two questions for what is still being reckoned, and how often it is asked for. */
const AGAIN_MS = 3000;
const TIMES = 100;

/** As `askJson`, of what takes the server a while: 503 says that it is not there yet. It asks no more once nobody wants it. */
export async function askReckoned<T>(path: string, wanted: AbortSignal): Promise<T> {
  for (let time = 1; ; time += 1) {
    try {
      return await askJson<T>(path);
    } catch (thrown) {
      if (!(thrown instanceof Problem) || thrown.status !== 503 || time === TIMES) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      if (wanted.aborted) throw thrown;
    }
  }
}
