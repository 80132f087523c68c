use std::path::PathBuf;

use custody_core::id::{SubjectId, Uuid};
use custody_core::verify::utc_text;
use serde_json::{Value, json};

use super::option::{LedgerOption, ledger_help};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::file::{self, Access};
use crate::moment::Moment;
use crate::session::merge;
use crate::stats::{Figures, Spread, Stats, Window, bars, shortened, stats, svg};
use crate::terminal::{Answer, count_bar};

pub const HELP: &str = concat!(
    "\
usage: custody stats [options]

Figures of the ledger, in all, by agency and by request: items, handoffs, time from release to receipt, what was
refused, recalled, corrected, disputed, late, signed by one side only, overdue or open. Times are in minutes. A
figure counts for the agency of who signed first; what is on the way, for the agency that sent it.

  --agency AGENCY             only this agency's figures
  --request REQUEST           only this request's figures
  --since TIME                only what was recorded at this time or later
  --until TIME                only what was recorded before this time
  --svg FILE                  also write a picture: what arrived by the time at which it was expected
",
    ledger_help!(),
    "
example:
  $ custody stats --since 2026-01-01T00:00:00Z --ledger ledger
"
);

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    ledger: LedgerOption,
    #[arg(long, conflicts_with = "request")]
    agency: Option<String>,
    #[arg(long)]
    request: Option<String>,
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Figures under the name of whose they are.
struct Row<'s> {
    name: String,
    kind: &'static str,
    facts: Value,
    figures: &'s Figures,
}

pub fn run(args: &Args) -> Result<Answer, Failure> {
    if let Some(path) = &args.svg {
        file::check_absent(path)?;
    }
    let desk = args.ledger.read()?;
    let agency = args.agency.as_ref().map(|text| desk.agency(text)).transpose()?;
    let request = args.request.as_ref().map(|text| desk.request(text)).transpose()?;
    let window = window(args)?;
    let bar = count_bar("counting", desk.head().size.0);
    let stats = stats(&desk, window, &|done| {
        bar.set(done);
        Ok(())
    })?;
    drop(bar);
    let nothing = Figures::default();
    let rows = match (agency, request) {
        (Some(id), _) => {
            let figures = stats.agencies.get(&id).unwrap_or(&nothing);
            vec![agency_row(&desk, id, figures)?]
        }
        (_, Some(id)) => vec![request_row(id, stats.requests.get(&id).unwrap_or(&nothing))],
        _ => all_rows(&desk, &stats)?,
    };
    if let Some(path) = &args.svg {
        let caption = format!("size {}, root {}", stats.head.size, stats.head.root);
        file::create(path, svg(&pictured(&rows), &caption).as_bytes(), Access::Shared)?;
    }
    Ok(Answer::done(lines(&rows, &stats, args), facts(&rows, &stats, args)))
}

fn window(args: &Args) -> Result<Window, Failure> {
    let since_s = args.since.map_or(0, |moment| moment.utc_s);
    let until_s = args.until.map_or(u64::MAX, |moment| moment.utc_s);
    match since_s < until_s {
        true => Ok(Window { since_s, until_s }),
        false => Err(Failure::could_not("usage", "`--until` does not lie after `--since`")),
    }
}

fn all_rows<'s>(desk: &Desk, stats: &'s Stats) -> Result<Vec<Row<'s>>, Failure> {
    let all = Row { name: "all".into(), kind: "all", facts: json!({}), figures: &stats.all };
    let agencies = stats.agencies.iter().map(|(id, figures)| agency_row(desk, *id, figures));
    let mut agencies = agencies.collect::<Result<Vec<_>, _>>()?;
    agencies.sort_by(|left, right| left.name.cmp(&right.name));
    let requests = stats.requests.iter().map(|(id, figures)| request_row(*id, figures));
    Ok(std::iter::once(all).chain(agencies).chain(requests).collect())
}

fn agency_row<'s>(desk: &Desk, id: Uuid, figures: &'s Figures) -> Result<Row<'s>, Failure> {
    let state = desk.agency_state(id)?;
    let name = format!("{}, {}", state.name, state.country);
    let facts = json!({ "id": SubjectId::Agency(id).to_string(), "name": name });
    Ok(Row { name, kind: "agencies", facts, figures })
}

fn request_row(id: Uuid, figures: &Figures) -> Row<'_> {
    let id = SubjectId::Request(id).to_string();
    // As many digits of it as fit: enough to find it by.
    let name = id.chars().take("request:00000000-0000".len()).collect();
    Row { name, kind: "requests", facts: json!({ "id": id }), figures }
}

fn pictured<'r>(rows: &'r [Row<'_>]) -> Vec<(String, &'r Figures)> {
    rows.iter().map(|row| (row.name.clone(), row.figures)).collect()
}

fn lines(rows: &[Row<'_>], stats: &Stats, args: &Args) -> Vec<String> {
    let mut lines = moves(rows);
    lines.push(String::new());
    lines.extend(troubles(rows));
    lines.extend(grounds(rows));
    lines.extend(steps(rows));
    lines.extend(bars(&pictured(rows)));
    lines.push(String::new());
    lines.extend(args.since.map(|moment| format!("recorded since {moment}")));
    lines.extend(args.until.map(|moment| format!("recorded until {moment}")));
    lines.push(format!("as of {}", utc_text(stats.as_of_s)));
    lines.push(format!("size {}, root {}", stats.head.size, stats.head.root));
    lines.extend(args.svg.iter().map(|path| format!("picture `{}`", path.display())));
    lines
}

/// What moved, and how long it took.
fn moves(rows: &[Row<'_>]) -> Vec<String> {
    let line = |name: &str, cells: [String; 8]| {
        let [items, handoffs, median, most, recorded, most_recorded, overdue, open] = cells;
        format!(
            "{:<28} {items:>7} {handoffs:>8} {median:>8} {most:>8} {recorded:>8} \
             {most_recorded:>8} {overdue:>7} {open:>5}",
            shortened(name)
        )
    };
    let titles = ["items", "handoffs", "median", "90 %", "recorded", "90 %", "overdue", "open"];
    let title = line("", titles.map(str::to_owned));
    let number = |spread: &Spread, percent| match spread.percentile(percent) {
        Some(minutes) => minutes.to_string(),
        None => "-".to_owned(),
    };
    let row = |row: &Row<'_>| {
        let figures = row.figures;
        line(
            &row.name,
            [
                figures.items.to_string(),
                figures.handoffs.to_string(),
                number(&figures.claimed_minutes, 50),
                number(&figures.claimed_minutes, 90),
                number(&figures.recorded_minutes, 50),
                number(&figures.recorded_minutes, 90),
                figures.overdue.to_string(),
                figures.open_transits.to_string(),
            ],
        )
    };
    std::iter::once(title).chain(rows.iter().map(row)).collect()
}

/// What did not go as it should.
fn troubles(rows: &[Row<'_>]) -> Vec<String> {
    let line = |name: &str, cells: [String; 7]| {
        let [refused, recalled, corrected, disputed, resolved, late, one_side] = cells;
        format!(
            "{:<28} {refused:>7} {recalled:>8} {corrected:>9} {disputed:>8} {resolved:>8} \
             {late:>6} {one_side:>8}",
            shortened(name)
        )
    };
    let titles = ["refused", "recalled", "corrected", "disputed", "resolved", "late", "one side"];
    let title = line("", titles.map(str::to_owned));
    let row = |row: &Row<'_>| {
        let figures = row.figures;
        let cells = [
            figures.refused_in_all(),
            figures.recalled,
            figures.corrected,
            figures.disputes_raised,
            figures.disputes_resolved,
            figures.late_entries,
            figures.one_side_only,
        ];
        line(&row.name, cells.map(|cell| cell.to_string()))
    };
    std::iter::once(title).chain(rows.iter().map(row)).collect()
}

/// Refusals by ground, of all rows that are shown first.
fn grounds(rows: &[Row<'_>]) -> Vec<String> {
    let counts = rows.first().map(|row| listed(&row.figures.refused)).unwrap_or_default();
    counts.map(|list| vec![String::new(), format!("refused: {list}")]).unwrap_or_default()
}

fn steps(rows: &[Row<'_>]) -> Vec<String> {
    let Some(figures) = rows.first().map(|row| row.figures) else { return Vec::new() };
    let Some(list) = listed(&figures.requests) else { return Vec::new() };
    let days = figures.fulfilled_days.percentile(50);
    let days = days.map(|days| format!("; transmitted to fulfilled, median {days} days"));
    vec![String::new(), format!("requests: {list}{}", days.unwrap_or_default())]
}

fn listed(counts: &std::collections::BTreeMap<&'static str, u64>) -> Option<String> {
    let list: Vec<_> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    (!list.is_empty()).then(|| list.join(", "))
}

fn facts(rows: &[Row<'_>], stats: &Stats, args: &Args) -> Value {
    let of = |kind: &str| -> Vec<Value> {
        let rows = rows.iter().filter(|row| row.kind == kind);
        rows.map(|row| merge(row.facts.clone(), row.figures.to_json())).collect()
    };
    json!({
        "all": of("all").into_iter().next(),
        "agencies": of("agencies"),
        "requests": of("requests"),
        "since": args.since.map(|moment| moment.to_string()),
        "until": args.until.map(|moment| moment.to_string()),
        "as_of": utc_text(stats.as_of_s),
        "size": stats.head.size.0,
        "root": stats.head.root.to_string(),
        "picture": args.svg.as_ref().map(|path| path.display().to_string()),
    })
}
