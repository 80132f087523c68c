//! The walls of the house: what may depend on what, how long things may be, what lies at the top.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Longest file and longest function, in lines.
const MAX_FILE: usize = 600;
const MAX_FUNCTION: usize = 70;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The packages that `package` is made of, itself included.
fn dependencies(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "-p", package, "-e", "normal", "--prefix", "none"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// A new line in that list is a decision somebody reviews.
#[test]
fn the_verifier_is_made_of_exactly_the_packages_on_the_list() {
    let list = fs::read_to_string(root().join("tests/verifier-dependencies.txt")).unwrap();
    let expected: Vec<_> = list.lines().collect();
    assert_eq!(dependencies("custody-verify").into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn the_verifier_reaches_no_database_no_network_and_no_runtime() {
    let forbidden = [
        "custody-api",
        "custody-log",
        "async-std",
        "axum",
        "curl",
        "getrandom",
        "hyper",
        "librocksdb-sys",
        "mio",
        "native-tls",
        "openssl",
        "rand",
        "reqwest",
        "rocksdb",
        "rustls",
        "smol",
        "socket2",
        "tokio",
        "tokio-postgres",
        "ureq",
    ];
    let found = dependencies("custody-verify");
    for name in forbidden {
        assert!(!found.contains(name), "custody-verify depends on {name}");
    }
}

#[test]
fn no_source_of_the_verifier_or_the_core_opens_a_socket_or_asks_for_the_time() {
    let words = ["std::net", "std::os::unix::net", "SystemTime", "Instant::now", "UNIX_EPOCH"];
    for file in sources().into_iter().filter(|file| is_in(file, &["verifier-cli", "ledger/core"])) {
        let text = fs::read_to_string(&file).unwrap();
        for word in words {
            assert!(!text.contains(word), "{} uses {word}", file.display());
        }
    }
}

#[test]
fn the_core_does_no_input_or_output() {
    let words = ["std::fs", "std::io", "std::env", "std::process", "std::thread", "println!"];
    for file in sources().into_iter().filter(|file| is_in(file, &["ledger/core"])) {
        let text = fs::read_to_string(&file).unwrap();
        for word in words {
            assert!(!text.contains(word), "{} uses {word}", file.display());
        }
    }
}

/// What leaves for a terminal is escaped where it leaves: so it leaves in one file of each program.
#[test]
fn each_program_writes_to_a_terminal_in_one_place() {
    let words = ["print!", "println!", "stdout()", "stderr()", "dbg!", "rpassword"];
    let exits = ["verifier-cli/src/output.rs", "api/src/terminal.rs"];
    for file in sources().into_iter().filter(|file| is_in(file, &["verifier-cli", "api", "ledger"]))
    {
        // Whether somebody is watching may be asked anywhere; bars have nobody's words on them.
        let text = fs::read_to_string(&file).unwrap();
        let text = text.replace("stderr().is_terminal()", "").replace("DrawTarget::stderr()", "");
        let is_exit = exits.iter().any(|exit| file.ends_with(exit));
        for word in words.into_iter().filter(|_| !is_exit) {
            assert!(!text.contains(word), "{} uses {word}", file.display());
        }
    }
}

/// verifier-cli -> core <- log <- api; tests sees all.
#[test]
fn arrows_run_one_way() {
    for (folder, allowed) in [
        ("ledger/core", &[][..]),
        ("ledger/log", &["custody-core"]),
        ("verifier-cli", &["custody-core"]),
        ("api", &["custody-core", "custody-log"]),
    ] {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        let section = manifest.split("\n[dependencies]\n").nth(1).unwrap_or_default();
        let section = section.split("\n[").next().unwrap_or_default();
        let names = section.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
        let own: Vec<_> = names.filter(|name| name.starts_with("custody-")).collect();
        assert_eq!(own, allowed, "{folder}");
    }
}

#[test]
fn every_package_takes_the_lints_of_the_house() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = manifest.split("members = [").nth(1).unwrap().split(']').next().unwrap();
    let members: Vec<_> = members.split('"').skip(1).step_by(2).collect();
    assert_eq!(members.len(), 5);
    for member in members {
        let manifest = fs::read_to_string(root().join(member).join("Cargo.toml")).unwrap();
        assert!(manifest.contains("\n[lints]\nworkspace = true\n"), "{member}");
    }
}

#[test]
fn files_and_functions_stay_short() {
    let mut long = Vec::new();
    for file in sources() {
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<_> = text.lines().collect();
        if lines.len() > MAX_FILE {
            long.push(format!("{}: {} lines", file.display(), lines.len()));
        }
        for (start, length) in functions(&lines) {
            if length > MAX_FUNCTION {
                long.push(format!("{}:{}: {length} lines", file.display(), start + 1));
            }
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn files_of_the_page_stay_short() {
    let files = files_of("ts");
    assert!(files.len() > 40, "the page's sources are not where they were");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert!(lines.len() <= MAX_FILE, "{}: {} lines", file.display(), lines.len());
        // At the left margin a function begins with its name and ends with a brace.
        let starts = |line: &str| {
            let line = line.trim_start_matches("export ").trim_start_matches("async ");
            line.starts_with("function ")
        };
        for start in (0..lines.len()).filter(|start| starts(lines[*start])) {
            let length = lines[start..].iter().position(|line| line.starts_with('}')).unwrap() + 1;
            assert!(length <= MAX_FUNCTION, "{}:{}: {length} lines", file.display(), start + 1);
        }
    }
}

/// The page's own policy forbids most of it too; this says where it would stand.
#[test]
fn no_source_of_the_page_makes_markup_of_text_or_reaches_out() {
    let words = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "DOMParser",
        "eval(",
        "new Function",
        "fetch(",
        "XMLHttpRequest",
        "WebSocket",
        "EventSource",
        "sendBeacon",
        "localStorage",
        "indexedDB",
    ];
    for file in files_of("ts").into_iter().filter(|file| is_in(file, &["verifier-cli/page"])) {
        let text = fs::read_to_string(&file).unwrap();
        for word in words {
            assert!(!text.contains(word), "{} uses {word}", file.display());
        }
    }
}

/// First line and length of every function, by rustfmt's indentation.
fn functions(lines: &[&str]) -> Vec<(usize, usize)> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    // A macro's functions have no indentation of their own.
    let starts = |line: &str| {
        let words = line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
        let words = words.trim_start_matches("pub(super) ").trim_start_matches("const ");
        words.trim_start_matches("async ").trim_start_matches("unsafe ").starts_with("fn ")
            && !line.contains("fn $")
    };
    let length = |start: usize| {
        let own = indent(lines[start]);
        let ends = |line: &&str| {
            (line.trim_start() == "}" && indent(line) == own)
                || (indent(line) == own && line.ends_with([';', '}']))
        };
        lines[start..].iter().position(ends).map(|last| (start, last + 1))
    };
    (0..lines.len()).filter(|start| starts(lines[*start])).filter_map(length).collect()
}

#[test]
fn modules_are_named_by_what_they_hold() {
    for file in sources() {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let forbidden = ["mod", "util", "utils", "common", "types", "helpers"];
        assert!(!forbidden.contains(&name), "{}", file.display());
    }
}

#[test]
fn nothing_else_lies_at_the_top() {
    let house = ["api", "docs", "ledger", "tests", "verifier-cli"];
    let tools = [
        ".cargo",
        ".ci",
        ".git",
        ".gitattributes",
        ".gitignore",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
        // What the README's first command makes; git does not see it.
        "demo",
        "deny.toml",
        "rust-toolchain.toml",
        "rustfmt.toml",
        "target",
    ];
    let entries = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name());
    for name in entries.map(|name| name.into_string().unwrap()) {
        assert!(house.contains(&&*name) || tools.contains(&&*name), "{name} lies at the top");
    }
}

/// Every Rust file of the repository.
fn sources() -> Vec<PathBuf> {
    let files = files_of("rs");
    assert!(files.len() > 50, "the sources are not where they were");
    files
}

/// The files of the house with this extension, but for what is built or installed.
fn files_of(extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let folders = ["api", "ledger", "tests", "verifier-cli"];
    let mut pending: Vec<_> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true if path.ends_with("target") || path.ends_with("node_modules") => {}
                true => pending.push(path),
                false if path.extension().is_some_and(|found| found == extension) => {
                    files.push(path);
                }
                false => {}
            }
        }
    }
    files
}

fn is_in(file: &Path, folders: &[&str]) -> bool {
    folders.iter().any(|folder| file.starts_with(root().join(folder)))
}
