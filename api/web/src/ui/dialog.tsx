/**
 * A dialog over the page: the browser keeps the focus in it, and it goes back to where it was. Escape closes it before it
 * leaves the document, so that the browser itself gives the focus back.
 *
 * What is to be read begins at its heading, else a small window would show its end, where the buttons are.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface DialogProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** What Escape does; nothing where it is left out. */
  readonly close?: () => void;
  /** Whether it is read before anything is pressed in it. */
  readonly isRead?: boolean;
}

export function Dialog({ title, children, close, isRead = false }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  // One dialog can lie over another.
  const id = useId();
  useEffect(() => {
    const shown = dialog.current!;
    const before = document.activeElement;
    shown.showModal();
    if (isRead) {
      heading.current!.focus();
      shown.scrollTop = 0;
    }
    return () => {
      shown.close();
      // Out of the document already, it cannot give the focus back itself.
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onKeyDown={(event) => {
      // Else the next one could close what lies beneath, before this one is shown again.
      if (close === undefined && event.key === "Escape") event.preventDefault();
    }} onCancel={(event) => {
      if (close === undefined) event.preventDefault();
    }} onClose={() => {
      if (dialog.current === null) return;
      // A browser closes it at the second time that it is asked to, as by a gesture, whatever the page says to the first.
      if (close === undefined) dialog.current.showModal();
      else close();
    }}>
      <h2 id={id} ref={heading} tabIndex={isRead ? -1 : undefined}>{title}</h2>
      {children}
    </dialog>
  );
}
