/** A receipt to print: what was recorded, verified in this browser, with the proof that a verifier takes. */
import { decodeBase64 } from "../../../../verifier-cli/page/src/base64.ts";
import { hex, utf8 } from "../../../../verifier-cli/page/src/bytes.ts";
import { Role } from "../../../../verifier-cli/page/src/cose.ts";
import { readEntry } from "../../../../verifier-cli/page/src/entry.ts";
import { sha256 } from "../../../../verifier-cli/page/src/hash.ts";
import { kindOf } from "../../../../verifier-cli/page/src/id.ts";
import { readReceipt } from "../../../../verifier-cli/page/src/receipt.ts";
import { readRecord, type SignedRecord } from "../../../../verifier-cli/page/src/record.ts";
import { demand } from "../../../../verifier-cli/page/src/refused.ts";
import { checkOpening } from "../../../../verifier-cli/page/src/sealed.ts";
import type { Observed } from "../act.ts";
import { ask, askBytes, askJson } from "../http.ts";
import { TwoHeads, type Ledger } from "../ledger.ts";
import { useLoaded, useShared } from "../state.ts";
import { PayloadWords } from "../ui/payload.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { ObservedWords } from "../ui/signing.tsx";
import { Code, Time } from "../ui/text.tsx";
import type { ItemView, OpeningView } from "../view.ts";
import { HeadsDiffer } from "./heads.tsx";

/** Items that are asked for by name; of more, a receipt has the labels. */
const NAMED = 20;

export function Receipt({ digest }: { digest: string }) {
  const { language, ledger } = useShared();
  const { value, problem, again } = useLoaded(() => load(ledger, digest).catch(otherHistory), [digest]);
  if (value instanceof TwoHeads) return <HeadsDiffer heads={value} language={language} />;
  return (
    <article class="receipt">
      <h1 tabIndex={-1}>{language.say("receipt")}</h1>
      <ProblemNote problem={problem} language={language} again={again} />
      {value !== null && (
        <>
          <p class="verdict verified"><span class="shape" aria-hidden="true">✓</span>{language.say("receipt-verified", { entry: String(value.proof.index), size: String(value.proof.checkpoint.size) })}</p>
          <p>{language.say("accepted")} <Time seconds={value.entry.acceptedMs / 1000n} /></p>
          <PayloadWords payload={value.record.payload} openings={value.openings} signed={value.record.message.signatures.length} known={value.known} />
          {receiversOf(value.record).map((observed, at) => <section key={at}><h2>{language.say("receiver-found")}</h2><ObservedWords observed={observed} known={value.known} /></section>)}
          <p>{language.say("record-digest")} <Code code={hex(value.record.message.digest)} /></p>
          <div class="buttons no-print"><button type="button" class="main" onClick={() => print()}>{language.say("print")}</button></div>
          <h2>{language.say("proof")}</h2>
          <pre dir="ltr" tabIndex={0}>{value.text}</pre>
        </>
      )}
    </article>
  );
}

/** What each signature of a receiver says of what they checked and found; whoever says nothing checked nothing. */
function receiversOf({ message, payload }: SignedRecord): Observed[] {
  const receivers = message.signatures.filter(({ role }) => role === Role.receiving);
  return receivers.map(({ observed }) => ({
    checked: observed?.checked ?? [],
    outcomes: new Map(observed?.outcomes?.map(([at, found]) => [payload.subjects[at]!.id, found]) ?? []),
    all: payload.subjects.length,
  }));
}

/** The digest of a record that is named by it, or by the index of its entry. */
async function digestOf(named: string): Promise<string> {
  if (!/^[0-9]{1,15}$/.test(named)) return named;
  const { record } = await askJson<{ record: string }>(`/v1/entries/${named}`);
  return hex(sha256(decodeBase64(record) ?? new Uint8Array()));
}

/** What is shown in the place of a receipt from a tree that does not continue the one that is known here. */
function otherHistory(thrown: unknown): TwoHeads {
  if (thrown instanceof TwoHeads) return thrown;
  throw thrown;
}

async function load(ledger: Ledger, named: string) {
  const digest = await digestOf(named);
  const [bytes, text, place, sealed] = await Promise.all([
    askBytes(`/v1/records/${digest}`),
    ask(`/v1/records/${digest}/receipt`).then((response) => response.text()),
    askJson<{ entry: number }>(`/v1/records/${digest}/place`),
    askJson<{ openings: OpeningView[] }>(`/v1/records/${digest}/openings`),
  ]);
  const logged = await askJson<{ entry: string }>(`/v1/entries/${place.entry}`);
  const entry = decodeBase64(logged.entry) ?? new Uint8Array();
  const report = ledger.verifyFiles(bytes, entry, text);
  demand(report.verdict() === "verified", report.lines().find(({ status }) => status === "fail")?.code ?? "page/receipt");
  // Whoever prints it shows it to others: it is no receipt where its tree was not held against the newest head.
  await ledger.holdReceipt(text);
  const record = readRecord(bytes);
  const openings = sealed.openings.map(({ field, salt, value }) => ({ field, salt: decodeBase64(salt)!, value: decodeBase64(value)! }));
  openings.forEach((opening) => checkOpening(opening, record.payload));
  const ids = record.payload.subjects.map(({ id }) => id).filter((id) => kindOf(id) === "item").slice(0, NAMED);
  const items = await Promise.all(ids.map((id) => askJson<ItemView>(`/v1/items/${id}`).catch(() => null)));
  const known = new Map(items.filter((item) => item !== null).map((item) => [item.item, item]));
  return { record, known, entry: readEntry(entry), proof: readReceipt(utf8(text)), text, openings };
}
