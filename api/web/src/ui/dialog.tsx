/**
 * A dialog over the page: the browser keeps the focus in it, and it goes back to where it was. Escape closes it before it
 * leaves the document, so that the browser itself gives the focus back.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface DialogProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** What Escape does; nothing where it is left out. */
  readonly close?: () => void;
}

export function Dialog({ title, children, close }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current!;
    const before = document.activeElement;
    shown.showModal();
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
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}
