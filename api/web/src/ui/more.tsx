/** Going on in a list that is shown a part at a time. */
import { useEffect, useRef } from "preact/hooks";
import { useShared } from "../state.ts";

interface MoreProps {
  /** How many of the list's rows are shown. */
  readonly shown: number;
  /** How many are there; more than that the server may have. */
  readonly found: number;
  readonly hasMore?: boolean;
  readonly more: () => void;
}

/** A button right behind the list. The focus goes to the first of the new rows as soon as there is one. */
export function More({ shown, found, hasMore = false, more }: MoreProps) {
  const { language } = useShared();
  const pressed = useRef<{ list: Element; rows: number } | null>(null);
  const rows = Math.min(shown, found);
  useEffect(() => {
    if (pressed.current === null || rows <= pressed.current.rows) return;
    const { list, rows: before } = pressed.current;
    pressed.current = null;
    const first = [...list.querySelectorAll(":scope > li, :scope > tbody > tr")][before];
    const target = first?.querySelector<HTMLElement>("a[href], input, select, button") ?? (first as HTMLElement | undefined);
    if (target !== undefined && target === first) target.tabIndex = -1;
    target?.focus();
  }, [rows]);
  if (found <= shown && !hasMore) return null;
  const press = (button: HTMLElement) => {
    const list = button.parentElement?.previousElementSibling;
    pressed.current = list == null ? null : { list, rows };
    more();
  };
  return (
    <p><button type="button" class="more" onClick={(event) => press(event.currentTarget)}>
      {hasMore ? language.say("more") : language.say("show-more", { count: found - shown })}
    </button></p>
  );
}
