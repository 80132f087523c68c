/** Which page is shown: what stands behind the `#` of the address, so that no path of the server is in the way. */
import { useEffect, useState } from "preact/hooks";

export const PAGES = ["desk", "items", "requests", "map", "oversight", "people"] as const;
export type PageName = (typeof PAGES)[number] | "receipt" | "receive" | "act" | "offer" | "label";

export interface Route {
  readonly page: PageName;
  readonly rest: readonly string[];
}

/** What stands there, part by part; nothing where somebody wrote what is no text. */
function parts(): string[] {
  try {
    return location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  } catch {
    return [];
  }
}

function read(): Route {
  const [page = "", ...rest] = parts();
  const known: readonly string[] = [...PAGES, "receipt", "receive", "act", "offer", "label"];
  return known.includes(page) ? { page: page as PageName, rest } : { page: "desk", rest: [] };
}

export function useRoute(): Route {
  const [route, setRoute] = useState(read);
  useEffect(() => {
    const changed = () => setRoute(read());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}

export function hashOf(page: PageName, ...rest: string[]): string {
  return `#/${[page, ...rest].map(encodeURIComponent).join("/")}`;
}

export function go(page: PageName, ...rest: string[]): void {
  location.hash = hashOf(page, ...rest);
}
