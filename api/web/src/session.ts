/** Who is signed in: a challenge of the server, signed with a key that stays in the browser. */
import { encodeBase64 } from "../../../verifier-cli/page/src/base64.ts";
import { utf8 } from "../../../verifier-cli/page/src/bytes.ts";
import { kindOf } from "../../../verifier-cli/page/src/id.ts";
import { demand } from "../../../verifier-cli/page/src/refused.ts";
import { ask, askJson, rememberToken } from "./http.ts";
import { sign } from "./key-file.ts";
import type { Ledger } from "./ledger.ts";
import { Problem } from "./problem.ts";
import { keptKeys, type KeptKey } from "./store.ts";
import type { Who } from "./view.ts";

export interface SessionView {
  readonly who: Who;
  readonly agency: string;
  readonly is_overseer: boolean;
  readonly csrf?: string;
  readonly idle_s: number;
}

export interface Session extends SessionView {
  readonly key: KeptKey;
}

/** Whether it is an agency's, which holds nothing and says who handles evidence. */
export function isAgency({ who }: SessionView): boolean {
  return kindOf(who.id) === "agency";
}

/** Which of the kept keys began the session at hand: its thumbprint. */
const KID = "custody-kid";

export async function signIn(ledger: Ledger, key: KeptKey): Promise<Session> {
  const { challenge, text } = await askJson<{ challenge: string; text: string }>("/v1/session/challenge", {
    method: "POST",
    json: { kid: key.kid },
    isSigningIn: true,
  });
  // A key signs nothing that the page has not made itself: else a server could have anything signed.
  const mine = `custody-ledger session v1\n${ledger.origin}\n${location.host.toLowerCase()}\n${challenge}\n`;
  demand(/^[0-9a-f]{64}$/.test(challenge) && text === mine, "page/other-challenge");
  const signature = encodeBase64(await sign(key.key, utf8(mine)));
  const view = await askJson<SessionView>("/v1/session", {
    method: "POST",
    json: { kid: key.kid, challenge, signature },
    isSigningIn: true,
  });
  rememberToken(view.csrf ?? null);
  localStorage.setItem(KID, key.kid);
  return { ...view, key };
}

/**
 * The session that this browser has, where a page was loaded again or is opened beside another one: while it lasts, and only
 * with a key that the browser keeps. One that it does not keep went with the page that had it.
 */
export async function resume(): Promise<Session | null> {
  const kid = localStorage.getItem(KID);
  const key = (await keptKeys()).find((one) => one.kid === kid);
  if (key === undefined) return null;
  const view = await askJson<SessionView>("/v1/session", { isSigningIn: true }).catch(() => null);
  return view === null ? null : { ...view, key };
}

/**
 * Whether somebody else signed in beside this page, in the same browser: they have one cookie, so that what the server
 * answers is theirs. Whoever only signed out is nobody else.
 */
export function isTaken({ key }: Session): boolean {
  const kid = localStorage.getItem(KID);
  return kid !== null && kid !== key.kid;
}

/** Nobody is told that they are out while the server still knows the browser: the cookie is not the page's to delete. */
export async function signOut(): Promise<void> {
  try {
    await ask("/v1/session", { method: "DELETE", isSigningIn: true });
  } catch (thrown) {
    // It had ended already.
    if (!(thrown instanceof Problem && thrown.status === 401)) throw thrown;
  }
  rememberToken(null);
  localStorage.removeItem(KID);
}
