/**
 * A dialog over the page: the browser keeps the focus in it, and it goes back to where it was. Escape closes it before it
 * leaves the document, so that the browser itself gives the focus back.
 *
 * What is to be read begins at its heading, else a small window would show its end, where the buttons are.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

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
    <dialog ref={dialog} aria-labelledby="dialog-title" onCancel={(event) => {
      if (close === undefined) event.preventDefault();
    }} onClose={() => dialog.current !== null && close?.()}>
      <h2 id="dialog-title" ref={heading} tabIndex={isRead ? -1 : undefined}>{title}</h2>
      {children}
    </dialog>
  );
}
