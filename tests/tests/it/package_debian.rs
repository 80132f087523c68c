//! The Debian package, made of the programs as they are now, and what comes with it: units, configuration, container.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use custody_tests::office::Office;
use custody_tests::program::path_of;
use serde_json::Value;
use tempfile::TempDir;

use crate::docs_text::{document, quoted, repository, rows, section};

/// Whether a program is there. Where it is not, the test says what it did not look at.
fn has(program: &str, what: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
    let is_there = found.is_ok_and(|found| found.status.success());
    if !is_there {
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("unnamed test");
        let _ = writeln!(io::stderr(), "SKIPPED {test}: {program} is absent, so {what}");
    }
    is_there
}

fn text(output: &Output) -> String {
    let both = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&both).into_owned()
}

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().unwrap_or_else(|e| panic!("{program}: {e}"))
}

fn packaging(name: &str) -> PathBuf {
    repository("api/packaging").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(packaging(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Version of both programs.
fn version() -> String {
    let manifest = fs::read_to_string(repository("Cargo.toml")).unwrap();
    let line = manifest.lines().find_map(|line| line.strip_prefix("version = \"")).unwrap();
    line.trim_end_matches('"').to_owned()
}

#[test]
fn the_package_has_what_an_administrator_needs() {
    if !has("dh", "no package was made; `apt-get install -y debhelper`") {
        return;
    }
    let folder = TempDir::new().unwrap();
    let programs = path_of("custody");
    path_of("custody-verify");
    let made = Command::new(packaging("deb"))
        .arg(folder.path())
        .env("CUSTODY_PROGRAMS", programs.parent().unwrap())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", text(&made));
    let package = text(&made).lines().last().unwrap().to_owned();
    assert!(package.ends_with(".deb"), "{package}");

    let control = text(&run("dpkg-deb", &["--info", &package]));
    assert!(control.contains(&format!("Version: {}\n", version())), "{control}");
    let scripts = run("dpkg-deb", &["--ctrl-tarfile", &package]);
    let scripts = String::from_utf8_lossy(&scripts.stdout).into_owned();
    // It is the administrator's own file.
    let kept = text(&run("dpkg-deb", &["--info", &package, "conffiles"]));
    assert_eq!(kept, "/etc/custody/custody.toml\n");
    assert!(scripts.contains("systemd-sysusers"), "the user is made");
    assert!(!scripts.contains("invoke-rc.d") && !scripts.contains("deb-systemd-invoke start"));

    let root = folder.path().join("root");
    let unpacked = run("dpkg-deb", &["--extract", &package, root.to_str().unwrap()]);
    assert!(unpacked.status.success(), "{}", text(&unpacked));
    for program in ["custody", "custody-verify"] {
        let installed = root.join("usr/bin").join(program);
        let ran = text(&run(installed.to_str().unwrap(), &["--version"]));
        assert!(ran.contains(&version()), "{ran}");
        assert!(root.join(format!("usr/share/man/man1/{program}.1.gz")).exists());
    }
    for unit in ["custody.service", "custody-backup.service", "custody-backup.timer"] {
        assert!(root.join("lib/systemd/system").join(unit).exists(), "{unit}");
    }
    assert!(root.join("usr/share/doc/custody/OPERATING.md.gz").exists());
    if has("lintian", "the package was not held against Debian's rules") {
        let judged = run("lintian", &["--allow-root", "--fail-on", "error,warning", &package]);
        assert!(judged.status.success(), "{}", text(&judged));
    }
}

/// The configuration that is installed, with every key that OPERATING has and the default that the program has.
#[test]
fn the_installed_configuration_shows_every_key_and_its_default() {
    let file = read("custody.toml");
    let keys = |text: &str| {
        let (mut table, mut keys) = (String::new(), BTreeSet::new());
        for line in text.lines().filter_map(|line| line.strip_prefix("# ")) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                table = format!("{name}.");
            }
            let word = line.split_once(" = ").map(|(word, _)| word);
            keys.extend(word.filter(|word| !word.contains(' ')).map(|key| format!("{table}{key}")));
        }
        keys
    };
    let operating = document("OPERATING.md");
    let (serving, _) = section(&operating, "## Serving").split_once("### Watching").unwrap();
    let serving = rows(serving);
    let is_key = |cell: &str| !cell.is_empty() && !cell.contains([' ', '/', ':', '{']);
    let documented: BTreeSet<_> = serving
        .iter()
        .flat_map(|row| quoted(&row[0]).map(str::to_owned).collect::<Vec<_>>())
        .filter(|cell| is_key(cell))
        .collect();
    assert!(documented.len() > 15, "{documented:?}");
    assert_eq!(keys(&file), documented);

    // As it is installed, and with every default written out, it is taken. Certificates are nobody's default.
    let uncommented: String = file
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .filter(|line| line.contains(" = ") || line.starts_with('['))
        .map(|line| format!("{line}\n"))
        .collect();
    let (before, after) = uncommented.split_once("[tls]").unwrap();
    let (_, after) = after.split_once("[limits]").unwrap();
    let written_out = format!("{before}[limits]{after}");
    assert!(toml_has_everything(&written_out), "{written_out}");
    let folder = TempDir::new().unwrap();
    let office = crate::cli_transcripts::office().1.copy_to(folder.path());
    for config in [&file, &written_out] {
        fs::write(folder.path().join("custody.toml"), config).unwrap();
        assert_eq!(check(&office)["listen"], "127.0.0.1:8344");
    }
    // The container's own does not serve without TLS by accident.
    fs::write(folder.path().join("custody.toml"), read("container.toml")).unwrap();
    let ran = office.run(&["serve", "--config", "custody.toml", "--check", "--json"]);
    assert!(ran.stdout.contains("\"serve/plain-http\""), "{ran:?}");
}

fn toml_has_everything(text: &str) -> bool {
    ["per_second", "whole_s", "days"].iter().all(|key| text.contains(&format!("\n{key} = ")))
}

fn check(office: &Office) -> Value {
    office.ask(&["serve", "--config", "custody.toml", "--check"])
}

/// The units as systemd reads them, and how much of the machine they can reach.
#[test]
fn the_units_are_sound_and_closed() {
    let folder = TempDir::new().unwrap();
    for entry in fs::read_dir(packaging("debian")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let name = name.strip_prefix("custody.custody-").map(|rest| format!("custody-{rest}"));
        let name = name.unwrap_or_else(|| path.file_name().unwrap().to_str().unwrap().to_owned());
        if name.ends_with(".service") || name.ends_with(".timer") {
            // Where the program is now.
            let unit = fs::read_to_string(&path).unwrap();
            let unit = unit.replace("/usr/bin/custody", path_of("custody").to_str().unwrap());
            fs::write(folder.path().join(name), unit).unwrap();
        }
    }
    let units = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let units: Vec<_> = units.collect();
    assert_eq!(units.len(), 5);
    // Each command is one that the program has, with options that it knows.
    for unit in units.iter().filter(|unit| unit.extension().is_some_and(|e| e == "service")) {
        let text = fs::read_to_string(unit).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
        let words: Vec<_> = line.split(' ').collect();
        let help = run(words[0], &[words[1], "--help"]);
        let help = String::from_utf8_lossy(&help.stdout).into_owned();
        for option in words.iter().filter(|word| word.starts_with("--")) {
            assert!(help.contains(option), "{line}");
        }
    }
    if !has("systemd-analyze", "the units were not read by systemd") {
        return;
    }
    let paths: Vec<_> = units.iter().map(|unit| unit.to_str().unwrap()).collect();
    let verified = run("systemd-analyze", &[&["verify", "--man=no"], &paths[..]].concat());
    let said = text(&verified);
    let about_ours = |line: &&str| line.contains("custody");
    assert_eq!(said.lines().find(about_ours), None, "{said}");
    for unit in paths.iter().filter(|path| path.ends_with(".service")) {
        // Of 100: 20 and less is what systemd calls OK.
        let arguments = ["security", "--offline=yes", "--no-pager", "--threshold=20", unit];
        let judged = run("systemd-analyze", &arguments);
        assert!(judged.status.success(), "{}", text(&judged));
    }
}

/// What the container file copies is there, what it runs is a command, and it has no root. It is not built here: that takes
/// images from elsewhere.
#[test]
fn the_container_file_names_what_there_is() {
    let file = read("Containerfile");
    let lines: Vec<_> = file.lines().filter(|line| !line.starts_with('#')).collect();
    let copied = lines.iter().filter_map(|line| line.strip_prefix("COPY api/"));
    for path in copied.map(|line| line.split(' ').next().unwrap()) {
        assert!(repository("api").join(path).exists(), "{path}");
    }
    assert!(lines.contains(&"USER 8344:8344"), "nobody's root");
    let health = lines.iter().any(|line| line.contains("http://127.0.0.1:9464/readyz"));
    assert!(health && read("container.toml").contains("metrics = \"127.0.0.1:9464\""));
    let command = lines.iter().find_map(|line| line.strip_prefix("CMD [\"serve\"")).unwrap();
    assert!(command.contains("/etc/custody/custody.toml"));
    let builds = lines.iter().filter(|line| line.starts_with("FROM ")).count();
    assert_eq!(builds, 2, "what compiles is not what runs");
    let msrv = fs::read_to_string(repository("Cargo.toml")).unwrap();
    let msrv = msrv.lines().find_map(|line| line.strip_prefix("rust-version = \"1.")).unwrap();
    let used = file.split_once("library/rust:1.").unwrap().1.split('-').next().unwrap();
    let number = |text: &str| text.trim_end_matches('"').parse::<u32>().unwrap();
    assert!(number(used) >= number(msrv), "{used}");
}

/// Manual pages that a formatter has nothing to say about.
#[test]
fn manual_pages_can_be_read() {
    if !has("groff", "no manual page was formatted") {
        return;
    }
    for page in ["man/custody.1", "man/custody-verify.1"] {
        let path = packaging(page);
        let path: &Path = &path;
        let shown = run("groff", &["-man", "-Tutf8", "-ww", "-z", path.to_str().unwrap()]);
        assert!(shown.status.success() && shown.stderr.is_empty(), "{page}: {}", text(&shown));
    }
}
