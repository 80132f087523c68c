//! The commands: what is typed, and what becomes of it.

mod accept;
mod agency;
mod alias;
pub(crate) mod amount;
mod analyse;
mod audit;
mod backup;
mod case;
mod check;
mod collect;
mod consume;
mod container;
mod correct;
mod court;
mod custodian;
mod demo;
mod derive;
mod disclose;
mod discrepancy;
mod dispose;
mod dispute;
mod doing;
mod elsewhere;
mod erase;
mod export;
mod handling;
mod high_water;
mod hold;
mod import;
mod inbox;
mod init;
mod inventory;
mod key;
mod label;
mod late_entry;
mod ledger;
mod measured;
mod mirror;
mod note;
mod observed;
mod offer;
mod offer_source;
pub(crate) mod on_the_way;
mod open_notes;
mod option;
mod outside;
mod party;
mod permit;
mod policy;
mod publish;
mod recall;
pub(crate) mod receipt;
mod receive;
mod refuse;
mod release;
mod request;
mod restore;
mod scan;
mod seal;
mod seal_break;
mod seal_check;
mod serve;
mod several;
mod show;
mod split;
mod stats;
mod storage;
mod submit;
mod succession;
mod training;
mod trust_sheet;
mod under;
mod usage;
mod verify_digest;
mod waiting_offers;
mod whereabouts;
mod withdraw;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

pub use accept::check_offer;
pub(crate) use amount::parse_quantity;
pub(crate) use custodian::{ROLES, ordered_roles, parse_role};
pub(crate) use export::parse_handling;
pub(crate) use handling::MAX_CODES;
pub(crate) use key::end_text;
pub(crate) use measured::{MAX_DOCUMENTS, MAX_FILES, check_document_name};
pub(crate) use observed::full_id;
pub(crate) use option::{MAX_SEALED_TEXT, sealed_text};

use crate::failure::Failure;
use crate::terminal::{self, Answer, Form};

#[derive(Debug, Parser)]
#[command(name = "custody", version, override_help = HELP, disable_help_subcommand = true)]
struct Cli {
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Operation(Operation),
    #[command(override_help = key::HELP)]
    Key(key::Args),
    #[command(override_help = agency::HELP)]
    Agency(agency::Args),
    #[command(override_help = custodian::HELP)]
    Custodian(custodian::Args),
    #[command(override_help = collect::HELP)]
    Collect(collect::Args),
    #[command(override_help = import::HELP)]
    Import(import::Args),
    #[command(override_help = seal::HELP)]
    Seal(seal::Args),
    #[command(override_help = seal_check::HELP)]
    SealCheck(seal_check::Args),
    #[command(override_help = seal_break::HELP)]
    SealBreak(seal_break::Args),
    #[command(override_help = container::pack::HELP)]
    Pack(container::pack::Args),
    #[command(override_help = container::unpack::HELP)]
    Unpack(container::unpack::Args),
    #[command(override_help = storage::store::HELP)]
    Store(storage::store::Args),
    #[command(override_help = storage::check_out::HELP)]
    CheckOut(storage::check_out::Args),
    #[command(override_help = storage::check_in::HELP)]
    CheckIn(storage::check_in::Args),
    #[command(override_help = inventory::HELP)]
    Inventory(inventory::Args),
    #[command(override_help = offer::HELP)]
    Offer(offer::Args),
    #[command(override_help = accept::HELP)]
    Accept(accept::Args),
    #[command(override_help = refuse::HELP)]
    Refuse(refuse::Args),
    #[command(override_help = withdraw::HELP)]
    Withdraw(withdraw::Args),
    #[command(override_help = release::HELP)]
    Release(release::Args),
    #[command(override_help = receive::HELP)]
    Receive(receive::Args),
    #[command(override_help = recall::HELP)]
    Recall(recall::Args),
    #[command(override_help = scan::HELP)]
    Scan(scan::Args),
    #[command(override_help = outside::give::HELP)]
    Give(outside::give::Args),
    #[command(override_help = outside::take_back::HELP)]
    TakeBack(outside::take_back::Args),
    #[command(override_help = succession::HELP)]
    Succession(succession::Args),
    #[command(override_help = analyse::HELP)]
    Analyse(analyse::Args),
    #[command(override_help = derive::HELP)]
    Derive(derive::Args),
    #[command(override_help = split::HELP)]
    Split(split::Args),
    #[command(override_help = consume::HELP)]
    Consume(consume::Args),
    #[command(override_help = verify_digest::HELP)]
    VerifyDigest(verify_digest::Args),
    #[command(override_help = correct::HELP)]
    Correct(correct::Args),
    #[command(override_help = note::HELP)]
    Note(note::Args),
    #[command(override_help = late_entry::HELP)]
    LateEntry(late_entry::Args),
    #[command(override_help = hold::HELP)]
    Hold(hold::Args),
    #[command(override_help = dispute::HELP)]
    Dispute(dispute::Args),
    #[command(override_help = handling::HELP)]
    Handling(handling::Args),
    #[command(override_help = permit::HELP)]
    Permit(permit::Args),
    #[command(override_help = disclose::HELP)]
    Disclose(disclose::Args),
    #[command(override_help = erase::HELP)]
    Erase(erase::Args),
    #[command(override_help = court::HELP)]
    Court(court::Args),
    #[command(override_help = alias::HELP)]
    Alias(alias::Args),
    #[command(override_help = discrepancy::HELP)]
    Discrepancy(discrepancy::Args),
    #[command(override_help = ledger::HELP)]
    Ledger(ledger::Args),
    #[command(override_help = request::HELP)]
    Request(request::Args),
    #[command(override_help = dispose::HELP)]
    Dispose(dispose::Args),
    #[command(override_help = outside::return_item::HELP)]
    Return(outside::return_item::Args),
    #[command(override_help = submit::HELP)]
    Submit(submit::Args),
    #[command(override_help = show::HELP)]
    Show(show::Args),
    #[command(override_help = inbox::HELP)]
    Inbox(inbox::Args),
    #[command(override_help = whereabouts::HELP)]
    Where(whereabouts::Args),
    #[command(override_help = label::HELP)]
    Label(label::Args),
    #[command(override_help = export::HELP)]
    Export(export::Args),
    #[command(override_help = case::HELP)]
    Case(case::Args),
    #[command(override_help = receipt::HELP)]
    Receipt(receipt::Args),
}

/// What those do who run a ledger, look after it, or practise.
#[derive(Debug, Subcommand)]
enum Operation {
    #[command(override_help = init::HELP)]
    Init(init::Args),
    #[command(override_help = publish::HELP)]
    Publish(publish::Args),
    #[command(override_help = serve::HELP)]
    Serve(serve::Args),
    #[command(override_help = mirror::HELP)]
    Mirror(mirror::Args),
    #[command(override_help = check::HELP)]
    Check(check::Args),
    #[command(override_help = audit::HELP)]
    Audit(audit::Args),
    #[command(override_help = stats::HELP)]
    Stats(stats::Args),
    #[command(override_help = backup::HELP)]
    Backup(backup::Args),
    #[command(override_help = restore::HELP)]
    Restore(restore::Args),
    #[command(override_help = high_water::HELP)]
    HighWater(high_water::Args),
    #[command(override_help = policy::HELP)]
    Policy(policy::Args),
    #[command(override_help = trust_sheet::HELP)]
    TrustSheet(trust_sheet::Args),
    #[command(override_help = demo::HELP)]
    Demo(demo::Args),
    #[command(override_help = training::HELP)]
    Training(training::Args),
}

const HELP: &str = "\
usage: custody COMMAND [options]

A record of who holds evidence, signed by both sides of every handoff.

a working day, with CUSTODY_LEDGER and CUSTODY_KEY in the environment:
  $ custody inbox                                                  what waits for you
  $ custody receive RELEASE --checked seal,count                   the courier has come
  $ custody collect --description 'phone, cracked' --place 'hall'  a patrol brings something in
  $ custody seal ITEM --number B-204417
  $ custody store ITEM --place 'room 2, shelf 14'
  $ custody check-out ITEM --to CUSTODIAN --purpose examination --out handing.offer
  $ custody release ITEM --to CUSTODIAN --purpose examination --carrier Posta
  $ custody refuse handoff.offer --ground seal                     somebody brings a torn bag
  $ custody show ITEM                                              somebody asks what happened to it
  $ custody inventory --method sight                               before you lock up

founding and people:
  init           found a ledger with its agencies
  key            make, show, replace and end keys
  agency         make an agency's card, admit an agency, list them
  custodian      enrol a custodian, list them, say what changes
  ledger         change the quorum, anchor, renew, go on elsewhere

taking in and keeping:
  collect        take an item into custody
  import         many at once, from tables, and from CASE documents and images
  seal           put a seal on
  seal-check     look at a seal
  seal-break     take a seal off
  pack           put items into a bag or box
  unpack         take them out again
  store          put into storage
  check-out      give out of storage to somebody who brings it back
  check-in       bring back into storage
  inventory      look whether everything is there

handing over:
  offer          hand over from hand to hand: the first signature
  accept         countersign what somebody offers
  refuse         do not take over, and say on what ground
  withdraw       take an offer out of a server's mailbox
  release        send on the way
  receive        take over what was sent
  recall         take back what nobody has received yet
  scan           note where something on the way was seen
  give           give to a court, an owner, a carrier: somebody without a key
  take-back      have it back from there
  succession     pass on what somebody held who leaves

examining:
  analyse        examine, and say what was found
  derive         make an image, copy or extract
  split          make parts out of an item
  consume        use an item up, or part of it
  verify-digest  recompute a digest and record whether it matches

ending:
  dispose        end an item before a witness
  return         give it back to its owner

what is said:
  note           remark on an item
  alias          what others call an item
  discrepancy    say that something is not as it should be
  correct        correct a field of an earlier record
  late-entry     keep a record that came too late to take its place
  submit         record what everybody has signed

law:
  request        requests for mutual legal assistance, step by step
  hold           say that items must be kept, and end it
  dispute        dispute what a record says, answer, resolve
  handling       say how items may be used
  permit         permit what needs your agency's permission
  disclose       say that an exhibit was given to somebody
  court          say what became of an item in court
  erase          erase what opens sealed fields

looking and proving:
  inbox          what waits for you
  show           an item's history
  where          where items are
  label          labels to stick on items, with QR codes
  export         an exhibit file about one item
  case           an item's history as a CASE document
  receipt        the proof that one record is in the ledger, for people too
  publish        the ledger as static files
  serve          the ledger over HTTP, with pages
  mirror         follow somebody else's ledger, replay it, cosign it
  check          the whole ledger, from its bytes
  audit          what is unusual in the ledger, for auditors
  stats          figures by agency and request, for overseers
  backup         back the ledger up, while it is served or not
  restore        restore a ledger from a backup, held against its mark
  high-water     where the mark lies that notices an older store
  policy         the log's keys, as a trust policy
  trust-sheet    the ledger's and the agencies' keys, to be read over the phone

  demo           a ledger to try things on
  training       a ledger of any size to practise on, and exercises

options:
  --json         print one JSON object instead of text
  -h, --help     print help; `custody COMMAND --help` tells more
  -V, --version  print the version

example:
  $ custody demo --out training
";

/// Runs the program with these arguments, its own name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let path = usage::command_path(&Cli::command(), &arguments);
    let asks_json = arguments.iter().any(|argument| argument == "--json");
    let ending = match Cli::try_parse_from(arguments) {
        Ok(cli) => {
            let form = if cli.json { Form::Json } else { Form::Text };
            terminal::report(dispatch(&cli.command), form)
        }
        Err(error) => match usage::explain(&error, &path) {
            Ok(text) => terminal::report(Ok(text), Form::Text),
            Err(failure) => {
                let form = if asks_json { Form::Json } else { Form::Text };
                terminal::report(Err(failure), form)
            }
        },
    };
    ExitCode::from(ending.status())
}

fn dispatch(command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::Operation(operation) => operate(operation),
        Command::Key(args) => key::run(args),
        Command::Agency(args) => agency::run(args),
        Command::Custodian(args) => custodian::run(args),
        Command::Collect(args) => collect::run(args),
        Command::Import(args) => import::run(args),
        Command::Seal(args) => seal::run(args),
        Command::SealCheck(args) => seal_check::run(args),
        Command::SealBreak(args) => seal_break::run(args),
        Command::Pack(args) => container::pack::run(args),
        Command::Unpack(args) => container::unpack::run(args),
        Command::Store(args) => storage::store::run(args),
        Command::CheckOut(args) => storage::check_out::run(args),
        Command::CheckIn(args) => storage::check_in::run(args),
        Command::Inventory(args) => inventory::run(args),
        Command::Offer(args) => offer::run(args),
        Command::Accept(args) => accept::run(args),
        Command::Refuse(args) => refuse::run(args),
        Command::Withdraw(args) => withdraw::run(args),
        Command::Release(args) => release::run(args),
        Command::Receive(args) => receive::run(args),
        Command::Recall(args) => recall::run(args),
        Command::Scan(args) => scan::run(args),
        Command::Give(args) => outside::give::run(args),
        Command::TakeBack(args) => outside::take_back::run(args),
        Command::Succession(args) => succession::run(args),
        Command::Analyse(args) => analyse::run(args),
        Command::Derive(args) => derive::run(args),
        Command::Split(args) => split::run(args),
        Command::Consume(args) => consume::run(args),
        Command::VerifyDigest(args) => verify_digest::run(args),
        Command::Correct(args) => correct::run(args),
        Command::Note(args) => note::run(args),
        Command::LateEntry(args) => late_entry::run(args),
        Command::Hold(args) => hold::run(args),
        Command::Dispute(args) => dispute::run(args),
        Command::Handling(args) => handling::run(args),
        Command::Permit(args) => permit::run(args),
        Command::Disclose(args) => disclose::run(args),
        Command::Erase(args) => erase::run(args),
        Command::Court(args) => court::run(args),
        Command::Alias(args) => alias::run(args),
        Command::Discrepancy(args) => discrepancy::run(args),
        Command::Ledger(args) => ledger::run(args),
        Command::Request(args) => request::run(args),
        Command::Dispose(args) => dispose::run(args),
        Command::Return(args) => outside::return_item::run(args),
        Command::Submit(args) => submit::run(args),
        Command::Show(args) => show::run(args),
        Command::Inbox(args) => inbox::run(args),
        Command::Where(args) => whereabouts::run(args),
        Command::Label(args) => label::run(args),
        Command::Export(args) => export::run(args),
        Command::Case(args) => case::run(args),
        Command::Receipt(args) => receipt::run(args),
    }
}

fn operate(operation: &Operation) -> Result<Answer, Failure> {
    match operation {
        Operation::Init(args) => init::run(args),
        Operation::Publish(args) => publish::run(args),
        Operation::Serve(args) => serve::run(args),
        Operation::Mirror(args) => mirror::run(args),
        Operation::Check(args) => check::run(args),
        Operation::Audit(args) => audit::run(args),
        Operation::Stats(args) => stats::run(args),
        Operation::Backup(args) => backup::run(args),
        Operation::Restore(args) => restore::run(args),
        Operation::HighWater(args) => high_water::run(args),
        Operation::Policy(args) => policy::run(args),
        Operation::TrustSheet(args) => trust_sheet::run(args),
        Operation::Demo(args) => demo::run(args),
        Operation::Training(args) => training::run(args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Help is written by hand: what it lists and what is understood must not drift apart.
    #[test]
    fn every_help_names_exactly_the_options_there_are() {
        check_help(&Cli::command(), "custody");
    }

    fn check_help(command: &clap::Command, path: &str) {
        let help = command.clone().render_help().to_string();
        for argument in command.get_arguments() {
            let (Some(name), false) = (argument.get_long(), argument.is_global_set()) else {
                continue;
            };
            assert!(help.contains(&format!("--{name}")), "`{path}` does not tell of --{name}");
        }
        for word in help.split(|c: char| !c.is_ascii_alphanumeric() && c != '-') {
            let Some(name) = word.strip_prefix("--").filter(|name| !name.is_empty()) else {
                continue;
            };
            assert!(is_known(command, name), "`{path}` tells of --{name}, which nothing has");
        }
        assert!(help.contains("example:"), "`{path}` shows no example");
        for inner in command.get_subcommands() {
            assert!(
                help.contains(inner.get_name()),
                "`{path}` does not tell of {}",
                inner.get_name()
            );
            check_help(inner, &format!("{path} {}", inner.get_name()));
        }
    }

    fn is_known(command: &clap::Command, name: &str) -> bool {
        ["json", "help", "version"].contains(&name)
            || command.get_arguments().any(|argument| argument.get_long() == Some(name))
            || command.get_subcommands().any(|inner| is_known(inner, name))
    }
}
