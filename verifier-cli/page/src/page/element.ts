/** Making elements. Text becomes text and never markup. */

export type Child = Node | string | null;

interface Attributes {
  readonly [name: string]: string | number | boolean | undefined;
}

export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined) made.setAttribute(key, String(value));
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** What others wrote, kept to itself in whatever direction it runs. */
export function foreign(text: string): HTMLElement {
  return element("bdi", {}, text);
}
