/** What the server shows, as far as the pages use it. */

export interface Who {
  readonly id: string;
  readonly name: string | null;
  readonly agency: string | null;
}

export interface ItemView {
  readonly item: string;
  readonly label: string;
  readonly kind: string;
  readonly state: string;
  readonly place: string;
  readonly holder: Who;
  readonly addressee: Who | null;
  readonly release: string | null;
  readonly container: string | null;
  readonly contents: number;
  readonly quantity: string | null;
  readonly description: string | null;
}

export interface ItemList {
  readonly items: readonly ItemView[];
  readonly next: string | null;
  readonly size: number;
}

/** How many items are where, and on the way from where to where: by agency. */
export interface MapView {
  readonly agencies: readonly { readonly agency: string; readonly items: number }[];
  readonly ways: readonly { readonly from: string; readonly to: string; readonly items: number }[];
}

export interface WaitingView {
  readonly what: "receive" | "sent" | "bring-back";
  readonly item: ItemView;
  readonly with: Who;
  readonly instead_of: Who | null;
  readonly purpose: string | null;
  readonly due: string | null;
  readonly overdue_minutes: number | null;
  /** Whether it was noted as missing when the rest of the release was received. */
  readonly is_noted_missing: boolean;
}

export interface OfferView {
  readonly offer: string;
  readonly type: string;
  readonly items: readonly string[];
  readonly signed: readonly Who[];
  readonly next: Who | null;
  readonly is_mine_to_sign: boolean;
  readonly purpose: string | null;
  /** Whether something was recorded of what it is about meanwhile, so that it can no longer be signed. */
  readonly has_moved_on: boolean;
  readonly refused: { readonly record: string; readonly by: Who; readonly ground: string } | null;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
}

export interface InboxView {
  readonly who: Who;
  readonly waiting: readonly WaitingView[];
  readonly offers: readonly OfferView[];
  readonly size: number;
}

export interface EventView {
  readonly entry: number;
  readonly record: string;
  readonly type: string;
  readonly headline: string;
  readonly occurred: string;
  readonly accepted: string;
  readonly signers: readonly { readonly role: string; readonly who: Who }[];
  readonly fields: readonly { readonly name: string; readonly value: string | null; readonly erased_by: number | null }[];
  readonly flags: readonly string[];
}

export interface ItemHistory extends ItemView {
  readonly parent: string | null;
  readonly children: readonly string[];
  readonly aliases: readonly { readonly issuer: string; readonly kind: string; readonly value: string; readonly entry: number }[];
  readonly records: readonly EventView[];
  readonly size: number;
}

export interface RequestView {
  readonly request: string;
  readonly step: string;
  readonly is_ended: boolean;
  readonly from: Who;
  readonly to: Who;
  readonly purpose: string | null;
  readonly basis: string | null;
  readonly instrument: string | null;
  readonly deadline: string | null;
  readonly is_overdue: boolean;
  /** How many items came under it, by their states. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface StepView extends EventView {
  readonly step: string | null;
  readonly ground: string | null;
}

export interface RequestHistory extends RequestView {
  readonly records: readonly StepView[];
  readonly items: readonly ItemView[];
  readonly size: number;
}

export interface KeyView {
  readonly thumbprint: string;
  readonly slot: string;
  readonly standing: string;
  readonly is_in_use: boolean;
}

export interface CustodianView extends Who {
  readonly agency_id: string;
  readonly roles: readonly number[];
  readonly keys: readonly KeyView[];
}

export interface AgencyView {
  readonly id: string;
  readonly name: string;
  readonly country: string;
  readonly keys: readonly KeyView[];
}

export interface OpeningView {
  readonly field: string;
  readonly salt: string;
  readonly value: string;
}

export interface FindingView {
  readonly code: string;
  readonly text: string;
  readonly entries: readonly number[];
  readonly items: readonly string[];
  readonly people: readonly Who[];
  readonly minutes: number | null;
  readonly corrected_by: readonly number[];
}
