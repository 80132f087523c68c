use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use crate::failure::Failure;
use crate::terminal::{Answer, count_bar};
use crate::training::anomaly::{Anomaly, Planted};
use crate::training::cast::{AGENCIES_MAX, PEOPLE_MIN};
use crate::training::{Made, Scenario, exercise, make};

pub const HELP: &str = "\
usage: custody training --out DIR [options]
       custody training exercises --out DIR [--seed N]

Make a ledger to practise on, of any size: invented people take, seal, send, examine and dispose of items
over months. What `custody audit` should find is planted, and listed in DIR/planted.json. The same seed
makes the same records.

Its keys are WORTHLESS: all of them follow from the seed, so whoever knows the seed can sign for anybody.
Accepted times are invented too: they follow the claimed ones. Never record evidence in it.

  exercises                   make a folder of files that are wrong, with tasks and solutions

  --out DIR                   where it goes; absent or empty
  --seed N                    what everything follows from; 1
  --items N                   items that are taken, up to 5000000; each makes some 12 records; 200
  --agencies N                every second one is a laboratory; 2 to 64; 4
  --custodians N              people, at least three for an agency; if left out, as many as the items need
  --days N                    over how many days, 90 to 365; 180
  --opened N                  items whose sealed fields can be opened: a file for each record; what is
                              planted can always be; 10000
  --anomalies LIST            what is planted: all, none, or some of gap, overlap, overdue-transit,
                              two-places, unsigned-by-receiver, seal-mismatch, late-entry,
                              orphaned-container, alternate-outside-absence; all

example:
  $ custody training --out training --seed 7 --items 300
";

const EXERCISES: &str = "\
usage: custody training exercises --out DIR [--seed N]

Make files that are wrong, each in one way: an exhibit whose end is missing, a signature that was made up,
a log that signed two histories. Each folder has a TASK.md to read first and a SOLUTION.md to read last.

  --out DIR                   where they go; absent or empty
  --seed N                    what everything follows from; 1

example:
  $ custody training exercises --out exercises
";

/// Most items: their chains' ends, kept in memory while the ledger is made, take some 500 bytes each.
const ITEMS_MAX: u64 = 5_000_000;

/// Items that one person can have to do with in a day, at most, so that nothing is late because people are.
const ITEMS_A_DAY: u64 = 2;

/// See [`EXERCISES`].
#[derive(Debug, clap::Args)]
struct ExerciseArgs {
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(override_help = EXERCISES)]
    Exercises(ExerciseArgs),
}

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    #[arg(long, value_name = "N", default_value_t = 200)]
    items: u64,
    #[arg(long, value_name = "N", default_value_t = 4)]
    agencies: usize,
    #[arg(long, value_name = "N")]
    custodians: Option<usize>,
    #[arg(long, value_name = "N", default_value_t = 180)]
    days: u64,
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    opened: u64,
    #[arg(long, value_name = "LIST", default_value = "all")]
    anomalies: String,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    if let Some(Command::Exercises(args)) = &args.command {
        return exercises(args);
    }
    let missing = || usage("`--out` is missing".to_owned()).hint("`custody training --help`");
    let out = args.out.as_ref().ok_or_else(missing)?;
    let scenario = args.scenario()?;
    let bar = count_bar("recording", scenario.entries());
    let made = make(out, &scenario, &|entries| bar.set(entries))?;
    drop(bar);
    Ok(answer(&made, args.seed))
}

fn exercises(args: &ExerciseArgs) -> Result<Answer, Failure> {
    let made = exercise::make(&args.out, args.seed)?;
    let out = made.out.display();
    let mut lines = vec![format!("{} exercises in `{out}`", made.names.len())];
    lines.extend(made.names.iter().map(|name| format!("  {name}")));
    let json = json!({ "out": out.to_string(), "seed": args.seed, "exercises": made.names });
    Ok(Answer::done(lines, json))
}

fn answer(made: &Made, seed: u64) -> Answer {
    let out = made.out.display();
    let mut lines = vec![
        format!(
            "{} entries in `{out}/ledger`, from seed {seed}; its keys are worthless",
            made.size
        ),
        format!("{} anomalies are planted, see `{out}/planted.json`", made.planted.len()),
    ];
    let planted = |planted: &Planted| {
        let entries = planted.entries.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        format!("  {:<25} entries {entries}", planted.anomaly.word())
    };
    lines.extend(made.planted.iter().take(20).map(planted));
    let json = json!({
        "out": out.to_string(),
        "seed": seed,
        "size": made.size,
        "planted": made.planted.iter().map(Planted::to_json).collect::<Vec<_>>(),
    });
    Answer::done(lines, json)
}

impl Args {
    fn scenario(&self) -> Result<Scenario, Failure> {
        let anomalies = anomalies(&self.anomalies)?;
        let within =
            |name: &str, value: u64, low: u64, high: u64| match (low..=high).contains(&value) {
                true => Ok(()),
                false => Err(usage(format!("`{name}` is {value}, expected {low} to {high}"))),
            };
        within("--agencies", self.agencies as u64, 2, AGENCIES_MAX as u64)?;
        within("--days", self.days, 90, 365)?;
        // Each takes one item of the first third.
        let items_min = (3 * anomalies.len() as u64).max(3);
        within("--items", self.items, items_min, ITEMS_MAX)?;
        let least = (PEOPLE_MIN * self.agencies) as u64;
        let needed = least.max(2 * self.items / (ITEMS_A_DAY * (self.days - 60)));
        let custodians = self.custodians.map_or(needed.max(2 * least), |count| count as u64);
        within("--custodians", custodians, needed, 1_000_000)?;
        Ok(Scenario {
            seed: self.seed,
            items: self.items,
            agencies: self.agencies,
            custodians: custodians as usize,
            days: self.days,
            opened: self.opened,
            anomalies,
        })
    }
}

/// What is to be planted.
fn anomalies(list: &str) -> Result<Vec<Anomaly>, Failure> {
    match list {
        "all" => return Ok(Anomaly::ALL.to_vec()),
        "none" => return Ok(Vec::new()),
        _ => {}
    }
    let mut chosen = Vec::new();
    for word in list.split(',') {
        let anomaly = Anomaly::from_word(word).ok_or_else(|| {
            let known: Vec<_> = Anomaly::ALL.iter().map(|anomaly| anomaly.word()).collect();
            usage(format!("`{word}` is no anomaly"))
                .hint(format!("all, none, or some of {}", known.join(",")))
        })?;
        if !chosen.contains(&anomaly) {
            chosen.push(anomaly);
        }
    }
    Ok(chosen)
}

fn usage(message: String) -> Failure {
    Failure::could_not("usage", message)
}
