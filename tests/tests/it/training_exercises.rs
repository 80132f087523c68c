//! The exercises: `custody-verify` says of each exactly what its solution claims.

use std::fs;
use std::path::Path;

use custody_tests::program;
use serde_json::Value;
use tempfile::TempDir;

/// What follows `name` on a line of its own.
fn claimed(solution: &str, name: &str) -> String {
    let line = solution.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name} in {solution}")).to_owned()
}

/// Types what the task says, and compares.
fn solve(folder: &Path) -> Option<String> {
    let task = fs::read_to_string(folder.join("TASK.md")).unwrap();
    let solution = fs::read_to_string(folder.join("SOLUTION.md")).unwrap();
    for text in [&task, &solution] {
        assert!(text.contains("\nTRAINING - NOT EVIDENCE\n"), "{text}");
    }
    let command = task.lines().find_map(|line| line.strip_prefix("$ custody-verify ")).unwrap();
    let words: Vec<_> = command.split(' ').chain(["--json"]).collect();
    let ran = program::run("custody-verify", folder, &words, "");
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let (line, code) = (claimed(&solution, "line"), claimed(&solution, "code"));
    let lines = report["lines"].as_array().unwrap();
    let is_there = lines.iter().any(|known| known["id"] == *line && known["code"] == *code);
    let is_right = report["verdict"] == *claimed(&solution, "verdict") && is_there;
    (!is_right).then(|| format!("{}: {} {lines:#?}", folder.display(), report["verdict"]))
}

#[test]
fn each_exercise_is_what_its_solution_says() {
    let folder = TempDir::new().unwrap();
    let arguments = ["training", "exercises", "--out", "exercises", "--json"];
    let ran = program::run("custody", folder.path(), &arguments, "");
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    let names = answer["exercises"].as_array().unwrap();
    assert!(names.len() >= 12, "{names:?}");
    let exercises = folder.path().join("exercises");
    let wrong: Vec<_> =
        names.iter().filter_map(|name| solve(&exercises.join(name.as_str().unwrap()))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What is asked for and what is answered differ.
    let task = fs::read_to_string(exercises.join("08-wrong-item/TASK.md")).unwrap();
    let words = ["exhibit", "image.exhibit", "--policy", "policy.txt", "--json"];
    let ran = program::run("custody-verify", &exercises.join("08-wrong-item"), &words, "");
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(!task.contains(report["item"].as_str().unwrap()), "{task}");
}
