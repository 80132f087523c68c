/** A dialog over the page: the browser keeps the focus in it, and gives it back. */
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
    shown.showModal();
    return () => shown.close();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onCancel={(event) => {
      event.preventDefault();
      close?.();
    }}>
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}
