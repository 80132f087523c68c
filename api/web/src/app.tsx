/** The frame: from meeting the ledger, over signing in, to the page that is asked for. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Language, TAGS, type Tag } from "./language.ts";
import { Ledger, TwoHeads } from "./ledger.ts";
import { nobody, onExpired } from "./http.ts";
import { Act } from "./page/act.tsx";
import { Desk } from "./page/desk.tsx";
import { Enrolment } from "./page/enrolment.tsx";
import { HeadsDiffer } from "./page/heads.tsx";
import { Item, Items } from "./page/item.tsx";
import { Labels } from "./page/label.tsx";
import { AgencyMap } from "./page/map.tsx";
import { Offer } from "./page/offer.tsx";
import { Oversight } from "./page/oversight.tsx";
import { PeopleAndKeys } from "./page/people.tsx";
import { Receipt } from "./page/receipt.tsx";
import { Receive } from "./page/receive.tsx";
import { Request, Requests } from "./page/request.tsx";
import { SignIn } from "./page/sign-in.tsx";
import { Problem } from "./problem.ts";
import { PAGES, hashOf, useRoute, type PageName, type Route } from "./route.ts";
import { isAgency, isTaken, resume, signIn, signOut, type Session } from "./session.ts";
import { People, SharedContext, whoText, type Shared } from "./state.ts";
import { ProblemNote } from "./ui/problem.tsx";
import { Expired } from "./ui/expired.tsx";

type Open = Pick<Shared, "session" | "people">;

export function App() {
  const [language, setLanguage] = useState(() => Language.preferred());
  const [ledger, setLedger] = useState<Ledger | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [open, setOpen] = useState<Open | null>(null);
  const [isBack, setBack] = useState(false);
  useEffect(() => {
    document.documentElement.lang = language.tag;
    document.documentElement.dir = language.direction;
  }, [language]);
  const begin = async (ledger: Ledger, session: Session) => {
    await ledger.look();
    setOpen({ session, people: await People.load() });
  };
  useEffect(() => {
    Ledger.meet().then(async (met) => {
      const session = await resume();
      // A session that cannot go on is begun again; another history stops everything.
      if (session !== null) await begin(met, session).catch((thrown: unknown) => thrown instanceof TwoHeads && setProblem(thrown));
      setLedger(met);
    }).catch(setProblem);
  }, []);
  const end = async () => {
    await signOut();
    setBack(true);
    setOpen(null);
  };
  const frame = { language, setLanguage, isTraining: ledger?.isTraining ?? false };
  if (problem !== null) return <Frame {...frame}><Stopped problem={problem} language={language} /></Frame>;
  if (ledger === null) return <Frame {...frame}><p>{language.say("loading")}</p></Frame>;
  if (open === null) {
    return <Frame {...frame}><SignIn language={language} ledger={ledger} isBack={isBack} begin={(session) => begin(ledger, session).catch((thrown: unknown) => {
      if (!(thrown instanceof TwoHeads)) throw thrown;
      setProblem(thrown);
    })} /></Frame>;
  }
  return <SignedIn {...frame} ledger={ledger} open={open} setSession={(session) => setOpen({ ...open, session })} setPeople={(people) => setOpen((open) => open && { ...open, people })} end={end} stop={setProblem} />;
}

function Stopped({ problem, language }: { problem: unknown; language: Language }) {
  if (problem instanceof TwoHeads) return <HeadsDiffer heads={problem} language={language} />;
  return <><h1 tabIndex={-1}>{language.say("stopped")}</h1><ProblemNote problem={Problem.from(problem)} language={language} again={() => location.reload()} /></>;
}

interface Framed {
  readonly language: Language;
  readonly setLanguage: (language: Language) => void;
  readonly isTraining: boolean;
}

function Training({ language }: { language: Language }) {
  return <aside class="training" aria-label={language.say("training")}><p lang="en" dir="ltr">TRAINING - NOT EVIDENCE</p></aside>;
}

function Languages({ language, setLanguage }: Framed) {
  return (
    <label class="language">
      <span class="hidden">{language.say("language")}</span>
      <select id="language" value={language.tag} onChange={(event) => setLanguage(Language.choose(event.currentTarget.value as Tag))}>
        {TAGS.map((tag) => <option key={tag} value={tag} lang={tag}>{Language.nameOf(tag)}</option>)}
      </select>
    </label>
  );
}

function Frame(props: Framed & { children: preact.ComponentChildren }) {
  return (
    <>
      {props.isTraining && <Training language={props.language} />}
      <header class="top"><span class="brand">Custody Ledger</span><Languages {...props} /></header>
      <main id="main">{props.children}</main>
    </>
  );
}

interface SignedInProps extends Framed {
  readonly ledger: Ledger;
  readonly open: Open;
  readonly setSession: (session: Session) => void;
  readonly setPeople: (people: People) => void;
  readonly end: () => Promise<void>;
  readonly stop: (problem: unknown) => void;
}

function SignedIn(props: SignedInProps) {
  const { language, ledger, open } = props;
  const route = useRoute();
  const [said, announce] = useState("");
  const [changes, setChanges] = useState(0);
  const [problem, setProblem] = useState<Problem | null>(null);
  const expired = useExpired();
  const changed = async (isAboutPeople: boolean) => {
    if (isAboutPeople) props.setPeople(await People.load());
    setChanges((count) => count + 1);
  };
  useChanges(open.session, ledger, changed, props.stop);
  useOneSession(open.session);
  useFocus(route);
  const end = () => {
    setProblem(null);
    props.end().catch((thrown: unknown) => setProblem(Problem.from(thrown)));
  };
  const shared: Shared = { language, ledger, announce, changes, ...open };
  return (
    <SharedContext.Provider value={shared}>
      {props.isTraining && <Training language={language} />}
      <header class="top">
        <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>{language.say("skip")}</a>
        <span class="brand">Custody Ledger</span>
        <span class="me"><bdi>{whoText(language, open.session.who)}</bdi></span>
        <Languages {...props} />
        <button type="button" class="plain" onClick={end}>{language.say("sign-out")}</button>
        <Navigation route={route} language={language} session={open.session} />
      </header>
      <main id="main" tabIndex={-1}>{problem !== null && <ProblemNote problem={problem} language={language} />}<Page route={route} /></main>
      <footer class="foot"><Head ledger={ledger} language={language} /></footer>
      <div role="status" aria-live="polite" class="hidden">{said}</div>
      {expired !== null && <Expired language={language} again={async () => {
        props.setSession(await signIn(ledger, open.session.key));
        expired();
      }} leave={props.end} />}
    </SharedContext.Provider>
  );
}

function Head({ ledger, language }: { ledger: Ledger; language: Language }) {
  const { head } = ledger;
  return <p>{language.say("ledger-line", { origin: ledger.origin, size: head === null ? "0" : String(head.size) })}</p>;
}

/** What to call once the reader has signed in again, while somebody waits for that. Whoever leaves lets nobody wait. */
function useExpired(): (() => void) | null {
  const waiting = useRef<((again: void | Promise<void>) => void)[]>([]);
  const [isExpired, setExpired] = useState(false);
  useEffect(() => {
    onExpired(() => new Promise((resolve) => {
      waiting.current.push(resolve);
      setExpired(true);
    }));
    return () => {
      onExpired(nobody);
      waiting.current.splice(0).forEach((resolve) => resolve(nobody()));
    };
  }, []);
  const done = useCallback(() => {
    setExpired(false);
    waiting.current.splice(0).forEach((resolve) => resolve());
  }, []);
  return isExpired ? done : null;
}

/** Nobody's name stands over what somebody else may see: the page begins anew with whoever is signed in now. */
function useOneSession(session: Session): void {
  useEffect(() => {
    const check = () => isTaken(session) && location.reload();
    addEventListener("storage", check);
    addEventListener("focus", check);
    return () => {
      removeEventListener("storage", check);
      removeEventListener("focus", check);
    };
  }, [session]);
}

/** Types of records that change who is enrolled, and with which keys. */
const ABOUT_PEOPLE = /^(?:agency|custodian|key)-/;

/** Between two attempts to hear of changes again: the first, and the longest, as each is twice the one before. */
const AGAIN_MS = { first: 2000, most: 60_000 };

interface Heard {
  readonly record: (event: MessageEvent<string>) => void;
  readonly offer: () => void;
  /** That something was missed, and nobody says what. */
  readonly lost: () => void;
}

/**
 * Hears of changes for as long as the page is open. A browser itself connects again where the connection broke, and gives up
 * where something else answers, as a proxy does while the server starts. What was recorded meanwhile is lost.
 */
function listen({ record, offer, lost }: Heard): () => void {
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wait = AGAIN_MS.first;
  let isFirst = true;
  const open = () => {
    source = new EventSource("/v1/events");
    source.addEventListener("record", record);
    source.addEventListener("offer", offer);
    source.addEventListener("lost", lost);
    source.addEventListener("open", () => {
      wait = AGAIN_MS.first;
      if (!isFirst) lost();
      isFirst = false;
    });
    source.addEventListener("error", () => {
      isFirst = false;
      if (source.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, AGAIN_MS.most);
    });
  };
  open();
  return () => {
    source.close();
    clearTimeout(timer);
  };
}

/** Looks again when something was recorded elsewhere, and says whether it was about people. */
function useChanges(session: Session, ledger: Ledger, changed: (isAboutPeople: boolean) => Promise<void>, stop: (problem: unknown) => void): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isAboutPeople = false;
    // Many records in a row are one reason to look.
    const look = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        const about = isAboutPeople;
        isAboutPeople = false;
        // Who is asked too often, or in vain, is asked again with the next record.
        ledger.look().then(() => changed(about)).catch((thrown: unknown) => thrown instanceof TwoHeads && stop(thrown));
      }, 300);
    };
    const lookFor = (about: boolean) => {
      isAboutPeople ||= about;
      look();
    };
    const end = listen({
      record: ({ data }) => lookFor(ABOUT_PEOPLE.test((JSON.parse(data) as { type: string }).type)),
      offer: look,
      lost: () => lookFor(true),
    });
    // Whoever comes back to the page sees it as it is now, whatever became of the stream meanwhile.
    addEventListener("focus", look);
    return () => {
      end();
      removeEventListener("focus", look);
      clearTimeout(timer);
    };
  }, [session.csrf]);
}

/** A new page begins at its heading, for whoever reads it by ear or has no mouse; the first one after signing in, too. */
function useFocus(route: Route): void {
  useEffect(() => {
    document.querySelector<HTMLElement>("main h1")?.focus();
    scrollTo(0, 0);
  }, [route.page, route.rest.join("/")]);
  useEffect(() => {
    // A heading is another one when the language changes, and when what it names has come in.
    const title = () => {
      const said = `${document.querySelector("main h1")?.textContent ?? ""} - Custody Ledger`;
      if (document.title !== said) document.title = said;
    };
    const observer = new MutationObserver(title);
    observer.observe(document.getElementById("main")!, { childList: true, characterData: true, subtree: true });
    title();
    return () => observer.disconnect();
  }, []);
}

/** An agency's key signs offers and enrols people. Evidence is for people to look at. */
const OF_AGENCY = ["desk", "people"] as const;

function Navigation({ route, language, session }: { route: Route; language: Language; session: Session }) {
  const pages = isAgency(session) ? OF_AGENCY : PAGES.filter((page) => page !== "oversight" || session.is_overseer);
  const isHere = (page: PageName) => page === route.page || (page === "desk" && ["act", "receive", "offer", "receipt"].includes(route.page)) || (page === "items" && route.page === "label");
  const list = useRef<HTMLUListElement>(null);
  // On a telephone the names are on one line, which is longer than its window.
  useEffect(() => {
    const here = list.current?.querySelector<HTMLElement>("[aria-current]");
    if (here == null || list.current === null) return;
    const [inner, outer] = [here.getBoundingClientRect(), list.current.getBoundingClientRect()];
    list.current.scrollBy({ left: (inner.left + inner.right - outer.left - outer.right) / 2 });
  }, [route.page, language]);
  return (
    <nav aria-label={language.say("pages")}>
      <ul ref={list}>
        {pages.map((page) => (
          <li key={page}><a href={hashOf(page)} aria-current={isHere(page) ? "page" : undefined}>{language.say(`page-${page}`)}</a></li>
        ))}
      </ul>
    </nav>
  );
}

function Page({ route: { page, rest } }: { route: Route }) {
  const [first, second] = rest;
  switch (page) {
    case "act":
      return <Act key={rest.join("/")} name={first ?? ""} items={second === undefined ? [] : second.split(",")} />;
    case "receive":
      return <Receive key={first} release={first ?? ""} />;
    case "offer":
      return <Offer key={first} digest={first ?? ""} />;
    case "receipt":
      return <Receipt key={first} digest={first ?? ""} />;
    case "label":
      return <Labels key={first} items={(first ?? "").split(",")} />;
    case "items":
      return first === undefined ? <Items /> : <Item key={first} item={first} />;
    case "requests":
      return first === undefined ? <Requests /> : <Request key={first} request={first} />;
    case "map":
      return <AgencyMap />;
    case "oversight":
      return <Oversight />;
    case "people":
      return first === undefined ? <PeopleAndKeys /> : <Enrolment key={rest.join("/")} name={first} custodian={second} />;
    default:
      return <Desk />;
  }
}
