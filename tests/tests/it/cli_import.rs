//! Tables: what is wrong with one is told by line; an import is whole, or is finished by running it again.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use custody_api::desk::Desk;
use custody_api::table::{ITEMS, MANIFEST, OUTCOMES, Sheet, write_table};
use custody_core::merkle::{LeafIndex, TreeSize};
use custody_tests::office::{Office, VARIABLES};
use custody_tests::program::{self, HOSTILE};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli_transcripts::office;

pub fn copy() -> (TempDir, Office) {
    let folder = TempDir::new().unwrap();
    let office = office().1.copy_to(folder.path());
    (folder, office)
}

pub fn write(office: &Office, name: &str, text: &str) {
    fs::write(office.folder().join(name), text).unwrap();
}

/// A table of `count` items, of which some have all cells that a thing has.
fn items(count: usize) -> String {
    let mut table = String::from("description;reference;place\r\n");
    for number in 0..count {
        write!(table, "thing {number};R-{number};shelf {}\r\n", number % 7).unwrap();
    }
    table
}

/// The faults of a command that must fail, as line, column and code.
#[track_caller]
fn faults(office: &Office, arguments: &[&str]) -> Vec<(u64, Value, String)> {
    let ran = office.run(&[arguments, &["--json"]].concat());
    let json: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
    assert_eq!((ran.status, &json["error"]["code"]), (1, &json!("table/refused")), "{ran:?}");
    let row = |fault: &Value| {
        let code = fault["code"].as_str().unwrap().to_owned();
        (fault["line"].as_u64().unwrap(), fault["column"].clone(), code)
    };
    json["error"]["faults"].as_array().unwrap().iter().map(row).collect()
}

fn entries(office: &Office) -> u64 {
    office.ask(&["where", "--disposed"])["size"].as_u64().unwrap()
}

fn items_of(office: &Office) -> usize {
    office.ask(&["where", "--disposed"])["items"].as_array().unwrap().len()
}

/// Anything that text can hold and a spreadsheet may do something to.
#[test]
fn what_is_written_is_read_back() {
    let mut state = 20_261_126_u64;
    let mut random = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let pieces = [
        "=",
        "+",
        "-",
        "@",
        "\t",
        "'",
        "\"",
        "\"\"",
        ",",
        ";",
        "\n",
        "\r\n",
        "\r",
        " ",
        "#",
        "# example: ",
        "\u{feff}",
        "\u{ff1d}",
        "ö",
        "a",
        "7",
        "|",
        "=1+1",
    ];
    for _ in 0..2_000 {
        let rows: Vec<Vec<String>> = (0..=random(3))
            .map(|_| {
                let mut cell = |_| {
                    (0..random(5)).map(|_| pieces[random(pieces.len() as u64) as usize]).collect()
                };
                ITEMS.columns.iter().map(&mut cell).collect()
            })
            .filter(|row: &Vec<String>| row.iter().any(|cell| !cell.is_empty()))
            .collect();
        if rows.is_empty() {
            continue;
        }
        let bytes = write_table(ITEMS.columns, true, &rows).unwrap();
        let sheet = Sheet::parse(&bytes, &ITEMS).unwrap();
        let read: Vec<Vec<String>> = sheet
            .rows
            .iter()
            .map(|row| {
                let cell = |name| row.get(name).unwrap_or_default().to_owned();
                ITEMS.columns.iter().map(|column| cell(column.name)).collect()
            })
            .collect();
        assert_eq!((read, sheet.examples, sheet.separator), (rows, 1, ','));
    }
}

#[test]
fn each_fault_of_a_table_has_its_line_and_code() {
    let long = format!("description\n{}\n", "x".repeat(16 * 1024 + 1));
    let wide = format!("description\nx{}\n", ",".repeat(64));
    let (many, fine) = (items(20_001), items(20_000));
    let manifest = |count| format!("item\n{}", "abcd\n".repeat(count));
    let spoiled: &[u8] = b"description\n\n\nbox\nb\xf6x\n";
    assert_eq!(Sheet::parse(fine.as_bytes(), &ITEMS).unwrap().rows.len(), 20_000);
    assert_eq!(
        Sheet::parse(manifest(500).as_bytes(), &OUTCOMES).unwrap_err().into_sorted().len(),
        1
    );
    assert_eq!(Sheet::parse(manifest(500).as_bytes(), &MANIFEST).unwrap().rows.len(), 500);
    for (bytes, form, line, code) in [
        (&b""[..], &ITEMS, 1, "table/no-header"),
        (b"\xef\xbb\xbf\r\n\n", &ITEMS, 1, "table/no-header"),
        (b"\ndescription\n\n", &ITEMS, 2, "table/no-rows"),
        (b"description,place\n,\n", &ITEMS, 1, "table/no-rows"),
        (spoiled, &ITEMS, 5, "table/encoding"),
        (b"\xff\xfed\0e\0", &ITEMS, 1, "table/encoding"),
        (b"description\r\nbox\r\n\r\n\"bag\r\n", &ITEMS, 4, "table/quote"),
        (b"description\nbox 4\" wide\n", &ITEMS, 2, "table/quote"),
        (b"description\n\"box\" 4\n", &ITEMS, 2, "table/quote"),
        (b"description\n\"a\nb\nc\"\n\"box\"x\n", &ITEMS, 5, "table/quote"),
        (long.as_bytes(), &ITEMS, 2, "table/cell-length"),
        (wide.as_bytes(), &ITEMS, 2, "table/cells"),
        (many.as_bytes(), &ITEMS, 20_002, "table/rows"),
        (manifest(501).as_bytes(), &MANIFEST, 502, "table/rows"),
        (b"description,colour\nbox,red\n", &ITEMS, 1, "table/unknown-column"),
        (b"description\tplace\nbox\thall\n", &ITEMS, 1, "table/unknown-column"),
        (b"Description\nbox\n", &ITEMS, 1, "table/unknown-column"),
        (b"item\nabcd\n", &OUTCOMES, 1, "table/missing-column"),
        (b"description;description\nbox;bag\n", &ITEMS, 1, "table/column-twice"),
    ] {
        let found = Sheet::parse(bytes, form).unwrap_err().into_sorted();
        assert_eq!((found[0].line, found[0].code.as_str()), (line, code), "{found:?}");
    }
    // Rows that are cut wrong do not hide the others; lines are counted as an editor counts them.
    let sheet = Sheet::parse(b"description;place\r\r\"a\nb\";x\nbox\rbag;y;z\r\n", &ITEMS).unwrap();
    let lines: Vec<_> = sheet.faults.into_sorted().iter().map(|fault| fault.line).collect();
    assert_eq!((sheet.rows.len(), sheet.rows[0].line, lines), (1, 3, vec![5, 6]));
}

#[test]
fn every_row_is_checked_and_nothing_is_recorded() {
    let (_folder, office) = copy();
    let before = entries(&office);
    let files = vec!["disk.img"; 17].join("|");
    let text = format!(
        "description,kind,file,occurred,attach\n\
         a\u{202e}b,,,,\n\
         box,wooden,,2026-05-04,\n\
         box,,/dev/zero,,\n\
         box,,{files},,nothing.jpg\n\
         box,digital,,,\n\
         fine,,,,\n\
         ,,,,photo.jpg\n"
    );
    write(&office, "bad.csv", &text);
    let import = ["import", "items", "bad.csv", "--key", "anna.key"];
    let expected = [
        (2, json!("description"), "table/value"),
        (3, json!("kind"), "table/value"),
        (3, json!("occurred"), "time/malformed"),
        (4, json!("file"), "table/not-a-file"),
        (5, json!("file"), "table/files"),
        (5, json!("attach"), "file/io"),
        (6, json!("file"), "table/empty-cell"),
        (8, json!("description"), "table/empty-cell"),
    ];
    let expected: Vec<_> =
        expected.into_iter().map(|(line, column, code)| (line, column, code.to_owned())).collect();
    assert_eq!(faults(&office, &import), expected);
    assert_eq!(faults(&office, &[&import[..], &["--dry-run"]].concat()), expected);
    // The rules are asked too: Cora may not collect.
    write(&office, "many.csv", &items(250));
    let import = ["import", "items", "many.csv", "--key", "cora.key"];
    let found = faults(&office, &import);
    assert!(found.len() == 100 && found[99].0 == 101, "{found:?}");
    assert!(found.iter().all(|(_, _, code)| code == "custody/role-not-granted"), "{found:?}");
    let ran = office.run(&import);
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert_eq!((lines.len(), lines[101]), (102, "and 150 more"), "{ran:?}");
    assert_eq!(entries(&office), before);
    assert!(!office.folder().join("many.csv.ids").exists());
    // A dry run says the same as the import, and leaves nothing.
    let dry = office.ask(&["import", "items", "many.csv", "--key", "anna.key", "--dry-run"]);
    assert_eq!((dry["items"].as_array().unwrap().len(), &dry["separator"]), (250, &json!(";")));
    assert!(!office.folder().join("many.csv.ids").exists() && entries(&office) == before);
}

/// Openings that were made durable and have their place, which they take after their record.
fn settled(office: &Office) -> usize {
    let vault = office.folder().join("ledger/vault");
    let shelves =
        fs::read_dir(vault).unwrap().filter_map(|shelf| fs::read_dir(shelf.unwrap().path()).ok());
    let is_settled = |path: &Path| path.extension().is_some_and(|ending| ending == "openings");
    shelves
        .flatten()
        .filter(|file| file.as_ref().is_ok_and(|file| is_settled(&file.path())))
        .count()
}

const IMPORT: [&str; 5] = ["import", "items", "items.csv", "--key", "anna.key"];

fn spawn(office: &Office) -> Child {
    let mut command = Command::new(program::path_of("custody"));
    command.args(IMPORT).current_dir(office.folder()).envs(VARIABLES);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Runs an import again that was broken off after `recorded` items: then it is whole, and stays so.
fn finish(office: &Office, before: usize, recorded: usize, count: usize) {
    let ids = office.folder().join("items.csv.ids");
    let kept = fs::read(&ids).unwrap();
    let again = office.ask(&IMPORT);
    let rows = again["items"].as_array().unwrap();
    let known = rows.iter().filter(|row| row["was_known"] == true).count();
    assert_eq!((known, rows.len(), items_of(office)), (recorded, count, before + count));
    // Whoever runs it once more records nothing, and gets the same ids.
    let third = office.ask(&IMPORT);
    assert_eq!(third["items"][count - 1]["item"], rows[count - 1]["item"]);
    assert_eq!((items_of(office), fs::read(&ids).unwrap()), (before + count, kept));
    // Each with its openings, and of the whole ledger nothing is wrong.
    let listed = office.ask(&["where"]);
    let described =
        listed["items"].as_array().unwrap().iter().filter_map(|item| item["description"].as_str());
    let mut things: Vec<_> = described.filter(|text| text.starts_with("thing ")).collect();
    things.sort_unstable();
    things.dedup();
    let check = office.run(&["check"]);
    assert_eq!((things.len(), check.status), (count, 0), "{check:?}");
}

/// The vault's disk goes away in the middle: the command says how much is recorded, and what to do.
#[test]
fn an_import_that_is_refused_half_way_is_finished_by_running_it_again() {
    const COUNT: usize = 4_000;
    let (_folder, office) = copy();
    write(&office, "items.csv", &items(COUNT));
    let (before, start) = (items_of(&office), settled(&office));
    let mut child = spawn(&office);
    while child.try_wait().unwrap().is_none() && settled(&office) == start {
        std::thread::yield_now();
    }
    let (pending, away) =
        (office.folder().join("ledger/vault/pending"), office.folder().join("away"));
    fs::rename(&pending, &away).unwrap();
    let ran = child.wait_with_output().unwrap();
    fs::rename(&away, &pending).unwrap();
    let stderr = String::from_utf8(ran.stderr).unwrap();
    let recorded = items_of(&office) - before;
    assert_eq!(ran.status.code(), Some(2), "{stderr}");
    let expected = format!("error: {recorded} of {COUNT} items are recorded; line ");
    assert!(
        stderr.starts_with(&expected) && stderr.contains("\nhint: run the same again"),
        "{stderr}"
    );
    assert!((1..COUNT).contains(&recorded), "{recorded}");
    finish(&office, before, recorded, COUNT);
}

/// A table is somebody's words too.
#[test]
fn what_stands_in_a_table_cannot_move_the_terminal() {
    let (_folder, office) = copy();
    let hostile = HOSTILE[0].replace('"', "");
    write(&office, "hostile.csv", &format!("description,kind\n\"{hostile}\",\"{hostile}\"\n"));
    assert_eq!(faults(&office, &["import", "items", "hostile.csv", "--key", "anna.key"]).len(), 2);
    let ran = office.run(&["import", "items", "hostile.csv", "--key", "anna.key"]);
    assert_eq!((ran.status, ran.plain().lines().count()), (1, 3), "{ran:?}");
    write(&office, "hostile.csv", &format!("description,\"{hostile}\"\nx,\n"));
    let ran = office.run(&["import", "items", "hostile.csv", "--key", "anna.key"]);
    assert_eq!((ran.status, ran.plain().lines().count()), (1, 2), "{ran:?}");
}

/// SIGKILL in the middle, at several places: what is recorded then stays, and the rest follows when it is run again.
#[test]
fn an_import_that_is_killed_is_finished_by_running_it_again() {
    const COUNT: usize = 2_000;
    let (mut parts, mut broken) = (Vec::new(), 0);
    for round in 0..3 {
        let (_folder, office) = copy();
        write(&office, "items.csv", &items(COUNT));
        let (before, start) = (items_of(&office), settled(&office));
        let mut child = spawn(&office);
        let ids = office.folder().join("items.csv.ids");
        let is_time = || ids.exists() && (round == 0 || settled(&office) > start + round * 600);
        while child.try_wait().unwrap().is_none() && !is_time() {
            std::thread::yield_now();
        }
        // Where the command has ended meanwhile there is nobody to kill.
        let _ = child.kill();
        broken += usize::from(!child.wait().unwrap().success());
        let recorded = items_of(&office) - before;
        finish(&office, before, recorded, COUNT);
        parts.push(recorded);
    }
    eprintln!("recorded before the kill: {parts:?} of {COUNT}");
    assert!(broken > 0 && parts.iter().any(|part| (1..COUNT).contains(part)), "{parts:?}");
}

#[test]
fn ids_of_something_else_do_not_serve() {
    let (_folder, office) = copy();
    write(&office, "items.csv", &items(3));
    let import = ["import", "items", "items.csv", "--key", "anna.key"];
    office.ask(&import);
    let after = entries(&office);
    let ids = fs::read_to_string(office.folder().join("items.csv.ids")).unwrap();
    let code = |arguments: &[&str]| {
        let ran = office.run(&[arguments, &["--json"]].concat());
        let json: Value = serde_json::from_str(&ran.stdout).unwrap();
        json["error"]["code"].as_str().unwrap().to_owned()
    };
    // An id that is the laptop's would take the row for recorded.
    let line = ids.lines().find(|line| line.starts_with("3 item:")).unwrap();
    write(&office, "items.csv.ids", &ids.replace(line, &format!("3 item:{}", office.id("laptop"))));
    assert_eq!(faults(&office, &import), [(3, Value::Null, "table/other-item".to_owned())]);
    write(&office, "items.csv.ids", "custody import ids v1\n");
    assert_eq!(code(&import), "table/ids");
    write(&office, "items.csv.ids", &ids);
    assert_eq!(code(&["import", "items", "items.csv", "--key", "ben.key"]), "table/other-ids");
    write(&office, "items.csv", &items(4));
    assert_eq!(code(&import), "table/other-ids");
    assert_eq!(entries(&office), after);
}

/// One commit takes many records: there are far fewer signed sizes than entries.
#[test]
fn many_items_take_few_commits() {
    let (_folder, office) = copy();
    write(&office, "items.csv", &items(2_000));
    let before = entries(&office);
    office.ask(&["import", "items", "items.csv", "--key", "anna.key"]);
    let desk = Desk::read(&office.folder().join("ledger")).unwrap();
    let signed = (before + 1..=before + 2_000)
        .filter(|size| desk.root_at(TreeSize(*size)).unwrap().is_some())
        .count();
    assert!(signed < 200, "{signed} commits for 2,000 items");
    // In the order of the table.
    let listed = office.ask(&["where"]);
    let names = listed["items"].as_array().unwrap().iter().skip(2).map(|item| &item["description"]);
    assert!(
        names.eq((0..2_000)
            .map(|number| json!(format!("thing {number}")))
            .collect::<Vec<_>>()
            .iter())
    );
}

/// The whole way of a large manifest, each table as the programs wrote it.
#[test]
fn a_manifest_of_500_items_is_one_record_and_its_receipt_names_exceptions_only() {
    let (_folder, office) = copy();
    write(&office, "items.csv", &items(500));
    office.ask(&["import", "items", "items.csv", "--key", "dora.key"]);
    let (dora, ben) =
        (format!("custodian:{}", office.id("dora")), format!("custodian:{}", office.id("ben")));
    office.ask(&["import", "template", "manifest", "--holder", &dora, "--out", "sent.csv"]);
    let before = entries(&office);
    let to = ["--to", &ben, "--purpose", "storage", "--release", "--key", "dora.key"];
    let sent = office.ask(&[&["import", "manifest", "sent.csv"], &to[..]].concat());
    assert_eq!(
        (sent["items"].as_array().unwrap().len(), sent["entry"].as_u64()),
        (500, Some(before))
    );
    let release = sent["record"].as_str().unwrap();
    office.ask(&["import", "template", "outcomes", "--release", release, "--out", "empty.csv"]);
    let table = fs::read_to_string(office.folder().join("empty.csv")).unwrap();
    assert_eq!(table.matches("\"item:").count(), 500);
    // The receiver fills in the second column, but for the last row.
    let filled: Vec<_> = table
        .lines()
        .enumerate()
        .map(|(position, line)| {
            let outcome = match position {
                0 | 500 => "",
                7 => "missing",
                99 => "seal-mismatch",
                _ => "accepted",
            };
            line.replacen(",\"\",", &format!(",\"{outcome}\","), 1)
        })
        .collect();
    write(&office, "back.csv", &filled.join("\n"));
    let back = ["import", "outcomes", "back.csv", "--release", release, "--checked", "count"];
    let received = office.ask(&[&back[..], &["--key", "ben.key"]].concat());
    assert_eq!(
        (received["still_on_the_way"].as_u64(), received["entry"].as_u64()),
        (Some(1), Some(before + 1))
    );
    let desk = Desk::read(&office.folder().join("ledger")).unwrap();
    let record = desk.record(LeafIndex(before + 1)).unwrap();
    let observed = record.message().signatures()[0].header.observed.clone().unwrap();
    let mut words: Vec<_> =
        observed.outcomes.iter().map(|outcome| outcome.finding.word()).collect();
    words.sort_unstable();
    assert_eq!((record.payload().subjects.len(), words), (499, vec!["missing", "seal-mismatch"]));
    let held = office.ask(&["where", "--holder", &ben]);
    let on_the_way = |item: &&Value| item["state"] == "on-the-way";
    let items = held["items"].as_array().unwrap();
    assert_eq!((items.len(), items.iter().filter(on_the_way).count()), (500, 2));
    // What is left is what the next table asks for.
    let rest = office.ask(&["import", "template", "outcomes", "--release", release]);
    assert_eq!(rest["table"].as_str().unwrap().lines().count(), 3);
}

#[test]
fn items_are_named_by_id_by_its_beginning_or_by_a_reference_that_only_one_has() {
    let (_folder, office) = copy();
    write(&office, "items.csv", "description,reference\nknife,K-1\nphone,K-2\nbox,K-2\nbag,K-4\n");
    let made = office.ask(&["import", "items", "items.csv", "--key", "anna.key"]);
    let id = |row: usize| made["items"][row]["item"].as_str().unwrap().to_owned();
    // The bag's reference was a typing error.
    let shown = office.ask(&["show", &id(3)]);
    let record = shown["records"][0]["record"].as_str().unwrap();
    let cora = format!("custodian:{}", office.id("cora"));
    let correct =
        ["correct", record, "--field", "reference", "--value", "K-3", "--reason", "typing"];
    let signed = ["--supervisor", &cora, "--key", "anna.key", "--with-key", "cora.key"];
    office.ask(&[&correct[..], &signed[..]].concat());
    let short = &id(1)["item:".len()..][..13];
    let ben = format!("custodian:{}", office.id("ben"));
    let to = ["--to", &ben, "--purpose", "storage", "--release", "--key", "anna.key"];
    write(&office, "van.csv", &format!("item\nK-1\nK-2\nK-4\nK-3\n{}\nabc\n", id(2)));
    let import = [&["import", "manifest", "van.csv"], &to[..]].concat();
    let found = faults(&office, &import);
    let found: Vec<_> = found.iter().map(|(line, _, code)| (*line, code.as_str())).collect();
    assert_eq!(found, [(3, "id/ambiguous"), (4, "id/unknown"), (7, "id/unknown")]);
    write(
        &office,
        "van.csv",
        &format!("item;reference\nK-1;K-1\n{short};\nK-3;K-3\n{};K-2\n", id(2)),
    );
    let sent = office.ask(&import);
    let expected = [id(0), id(1), id(3), id(2)];
    assert_eq!(sent["items"], json!(expected));
}

/// What a template shows as an example can be imported once it is one no longer.
#[test]
fn an_example_is_left_out_until_its_mark_is_taken_away() {
    let (_folder, office) = copy();
    office.ask(&["import", "template", "items", "--out", "new.csv"]);
    let table = fs::read_to_string(office.folder().join("new.csv")).unwrap();
    write(
        &office,
        "new.csv",
        &format!("{table}\"=1+1\"{}\r\n", ",\"\"".repeat(ITEMS.columns.len() - 1)),
    );
    let import = ["import", "items", "new.csv", "--key", "anna.key"];
    let made = office.ask(&[&import[..], &["--dry-run"]].concat());
    assert_eq!((made["rows"].as_u64(), made["examples"].as_u64()), (Some(1), Some(1)));
    write(&office, "new.csv", &table.replace("# example: ", ""));
    let made = office.ask(&import);
    assert_eq!((made["rows"].as_u64(), made["examples"].as_u64()), (Some(1), Some(0)));
    let shown = office.ask(&["show", made["items"][0]["item"].as_str().unwrap()]);
    assert!(shown.to_string().contains("laptop, grey, no power supply"), "{shown}");
}
