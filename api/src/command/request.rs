mod list;
mod prepare;
mod refuse;
mod show;
mod step;

use clap::Subcommand;
use custody_core::custody::{RequestState, Standing};
use custody_core::id::{SubjectId, Uuid};
use custody_core::record::body::{Request, RequestStep};

use crate::desk::Desk;
use crate::failure::Failure;
use crate::terminal::Answer;

pub const HELP: &str = "\
usage: custody request COMMAND [options]

Requests for mutual legal assistance between agencies: each step is signed by the agency that takes it.

  prepare       draw a request up
  approve       approve it, where that is asked for
  transmit      send it
  receive       it has arrived
  accept        it is in order
  execute       it is being executed; may be said several times
  fulfil        what was asked for was done
  refuse        it is refused, and on what ground
  withdraw      the requesting agency takes it back
  show          a request's steps, and what moved under it
  list          the requests of a ledger

example:
  $ custody request show request:4d1e --ledger ledger
";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(override_help = prepare::HELP)]
    Prepare(prepare::Args),
    #[command(override_help = step::HELP)]
    Approve(step::Args),
    #[command(override_help = step::HELP)]
    Transmit(step::Args),
    #[command(override_help = step::HELP)]
    Receive(step::Args),
    #[command(override_help = step::HELP)]
    Accept(step::Args),
    #[command(override_help = step::HELP)]
    Execute(step::Args),
    #[command(override_help = step::HELP)]
    Fulfil(step::Args),
    #[command(override_help = refuse::HELP)]
    Refuse(refuse::Args),
    #[command(override_help = step::HELP)]
    Withdraw(step::Args),
    #[command(override_help = show::HELP)]
    Show(show::Args),
    #[command(override_help = list::HELP)]
    List(list::Args),
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    match &args.command {
        Command::Prepare(args) => prepare::run(args),
        Command::Approve(args) => step::run(args, RequestStep::Approved),
        Command::Transmit(args) => step::run(args, RequestStep::Transmitted),
        Command::Receive(args) => step::run(args, RequestStep::Received),
        Command::Accept(args) => step::run(args, RequestStep::Accepted),
        Command::Execute(args) => step::run(args, RequestStep::Executing),
        Command::Fulfil(args) => step::run(args, RequestStep::Fulfilled),
        Command::Refuse(args) => refuse::run(args),
        Command::Withdraw(args) => step::run(args, RequestStep::Withdrawn),
        Command::Show(args) => show::run(args),
        Command::List(args) => list::run(args),
    }
}

/// A step that says nothing but which one it is.
fn bare(step: RequestStep) -> Request {
    Request {
        to: None,
        step,
        basis: None,
        ground: None,
        purpose: None,
        deadline_s: None,
        instrument: None,
    }
}

/// Between whom a request is, and how far it has come.
fn state(desk: &Desk, id: Uuid) -> Result<RequestState, Failure> {
    match desk.subject(&SubjectId::Request(id))?.standing {
        Standing::Request(state) => Ok(state),
        _ => Err(Failure::could_not("store-corrupt", "a request has the state of another kind")),
    }
}
