/**
 * Naming an item by its label: with a scanner that types (a keyboard wedge), by hand, or with the camera. Pictures stay in
 * the browser, and none is kept.
 */
import jsQR from "jsqr";
import { useEffect, useRef, useState } from "preact/hooks";
import { readLabel } from "../label.ts";
import { Problem } from "../problem.ts";
import { useShared } from "../state.ts";
import { Field } from "./form.tsx";
import { ProblemNote } from "./problem.tsx";

const LOOK_MS = 200;

/** Why browsers show no picture, in their names, and in ours. */
const CAMERA: Readonly<Record<string, string>> = {
  NotFoundError: "camera/none",
  OverconstrainedError: "camera/none",
  NotAllowedError: "camera/refused",
  SecurityError: "camera/refused",
  NotReadableError: "camera/busy",
  AbortError: "camera/busy",
};

interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}
declare const BarcodeDetector: (new (options: { formats: string[] }) => Detector) & { getSupportedFormats(): Promise<string[]> };

/** What is to be said where it was scanned: what came of it, or why nothing did. */
type Said = string | Problem;

/** Calls `found` with the id of each item that is scanned or typed. */
export function Scan({ found }: { found: (item: string) => Said | Promise<Said> | void }) {
  const { language, announce } = useShared();
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [good, setGood] = useState("");
  const [isLooking, setLooking] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const turn = useRef(0);
  const say = (said: Said | void) => {
    setProblem(said instanceof Problem ? said : null);
    setGood(typeof said === "string" ? said : "");
  };
  const take = (said: string) => {
    // Whoever scans fast has the next one before the last was answered, and reads what came of the next one.
    const mine = ++turn.current;
    try {
      const item = readLabel(said);
      setText("");
      announce(language.say("scanned", { label: said }));
      const answer = found(item);
      if (answer instanceof Promise) void answer.then((answer) => mine === turn.current && say(answer));
      else say(answer);
    } catch (thrown) {
      say(Problem.from(thrown));
    }
  };
  // Whoever cannot use the camera scans or types, without having to look for the place first.
  const fail = (thrown: unknown) => {
    setLooking(false);
    setProblem(noPicture(thrown));
    input.current?.focus();
  };
  return (
    <form class="scan" onSubmit={(event) => { event.preventDefault(); take(text); }}>
      <Field id="scan" label={language.say("scan")} hint={language.say("scan-hint")}>
        {(described) => <input ref={input} id="scan" dir="ltr" autocomplete="off" spellcheck={false} aria-describedby={described} value={text} onInput={(event) => setText(event.currentTarget.value)} />}
      </Field>
      <div class="buttons">
        <button type="submit">{language.say("find")}</button>
        <button type="button" aria-pressed={isLooking} onClick={() => setLooking(!isLooking)}>{language.say(isLooking ? "camera-off" : "camera")}</button>
      </div>
      <ProblemNote problem={problem} language={language} />
      {good !== "" && <p class="good"><span class="shape" aria-hidden="true">✓</span><bdi>{good}</bdi></p>}
      {isLooking && <Camera take={(said) => { setLooking(false); take(said); }} fail={fail} />}
    </form>
  );
}

function noPicture(thrown: unknown): Problem {
  const code = thrown instanceof DOMException ? CAMERA[thrown.name] : undefined;
  return code === undefined ? new Problem(0, "camera/unavailable", String(thrown)) : new Problem(0, code, "");
}

function Camera({ take, fail }: { take: (text: string) => void; fail: (thrown: unknown) => void }) {
  const { language } = useShared();
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    let stream: MediaStream | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOpen = true;
    const look = async (read: (video: HTMLVideoElement) => Promise<string | null>) => {
      const text = video.current === null || video.current.videoWidth === 0 ? null : await read(video.current).catch(() => null);
      if (!isOpen) return;
      if (text !== null) take(text);
      else timer = setTimeout(() => void look(read), LOOK_MS);
    };
    const start = async () => {
      const opened = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (!isOpen) return opened.getTracks().forEach((track) => track.stop());
      stream = opened;
      // It was pulled out, or taken away.
      opened.getVideoTracks()[0]?.addEventListener("ended", () => isOpen && fail(new DOMException("", "NotReadableError")));
      video.current!.srcObject = opened;
      await video.current!.play();
      await look(await reader());
    };
    start().catch((thrown: unknown) => isOpen && fail(thrown));
    return () => {
      isOpen = false;
      clearTimeout(timer);
      stream?.getTracks().forEach((track) => track.stop());
    };
  }, []);
  return <video ref={video} class="camera" muted playsInline aria-label={language.say("camera-picture")} />;
}

/** The browser's own reader of QR codes where it has one, else a library. */
async function reader(): Promise<(video: HTMLVideoElement) => Promise<string | null>> {
  if (typeof BarcodeDetector !== "undefined" && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video))[0]?.rawValue ?? null;
  }
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  return async (video) => {
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    context.drawImage(video, 0, 0);
    const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
    return jsQR(data, width, height)?.data ?? null;
  };
}
