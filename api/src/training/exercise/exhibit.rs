//! Exercises with an exhibit of the image: wrong files, wrong readers, and one that is right.

use custody_core::checkpoint::Checkpoint;
use custody_core::exhibit::{Exhibit, Withheld, WithholdReason};
use custody_core::id::SubjectId;
use custody_core::record::Record;

use super::bench::Bench;
use super::{EXHIBIT, Exercise, Solution};
use crate::failure::Failure;

/// All of them.
pub fn all(bench: &Bench) -> Result<Vec<Exercise>, Failure> {
    Ok(vec![
        other_key(bench)?,
        truncated_tail(bench)?,
        swapped_records(bench)?,
        altered_opening(bench)?,
        forged_signature(bench)?,
        tampered_checkpoint(bench)?,
        changed_afterwards(bench)?,
        wrong_item(bench)?,
        altered_evidence(bench)?,
        stripped_opening(bench)?,
        withheld_but_open(bench)?,
    ])
}

fn about_image(name: &'static str, task: &str, file: Vec<u8>, solution: Solution) -> Exercise {
    let (task, files) = (task.to_owned(), vec![("image.exhibit", file)]);
    Exercise { name, task, files, command: EXHIBIT, solution }
}

const fn fails_at(line: &'static str, code: &'static str, why: &'static str) -> Solution {
    Solution { verdict: "rejected", line, code, why }
}

fn other_key(bench: &Bench) -> Result<Exercise, Failure> {
    let file = bench.export(&bench.desk, bench.image)?;
    let pins = bench.pins_text();
    // One digit of the last key is misread.
    let pins = pins.trim_end();
    let last = if pins.ends_with('0') { '1' } else { '0' };
    let pins = format!("{}{last}\n", &pins[..pins.len() - 1]);
    let exercise = about_image(
        "01-other-key",
        "You wrote down the agencies' keys over the phone. The exhibit is about an image that was made of an item.",
        file,
        fails_at(
            "agencies-pinned",
            "pins/key-differs",
            "One agency's key is not the one that you wrote down: the last digit differs. Either you misheard, or \
             somebody founded the ledger with a key of their own. Compare the words of the trust sheet again, with \
             the agency itself.",
        ),
    );
    let files = exercise.files.into_iter().chain([("agencies.txt", pins.into_bytes())]).collect();
    Ok(Exercise { files, ..exercise })
}

fn truncated_tail(bench: &Bench) -> Result<Exercise, Failure> {
    let file = bench.signed(|contents, _| {
        let item = SubjectId::Item(contents.item);
        let is_of_it = |record: &Record| record.payload().link(&item).is_some();
        if let Some(at) = contents.records.iter().rposition(|placed| is_of_it(&placed.record)) {
            let gone = contents.records.remove(at);
            contents.openings.retain(|opening| opening.index != gone.index);
        }
        Ok(())
    })?;
    let why = "The last record about the image was left out, and the exporter signed the rest. The ledger commits to the \
               length of every history, so what is missing at the end is missed. It does not tell what the record said.";
    let task = "The exporter says that nothing has happened to the image since it was made.";
    let solution = fails_at("completeness", "completeness/chain-head", why);
    Ok(about_image("02-truncated-tail", task, file, solution))
}

fn swapped_records(bench: &Bench) -> Result<Exercise, Failure> {
    let file = bench.signed(|contents, _| {
        let last = contents.records.len() - 1;
        let records = &mut contents.records;
        let (one, other) = (records[last - 1].record.clone(), records[last].record.clone());
        (records[last - 1].record, records[last].record) = (other, one);
        Ok(())
    })?;
    let why = "Two records stand in each other's place. Each is genuine, but the log's tree has another record at either \
               place, and each history says which record comes before which.";
    let task = "A colleague says that the order of events in this exhibit cannot be right.";
    Ok(about_image(
        "03-swapped-records",
        task,
        file,
        fails_at("inclusion", "multiproof-root-mismatch", why),
    ))
}

fn altered_opening(bench: &Bench) -> Result<Exercise, Failure> {
    let file = bench.signed(|contents, _| {
        let place = contents.openings.iter_mut().find(|opening| opening.opening.field == "place");
        if let Some(last) = place.and_then(|opening| opening.opening.value.last_mut()) {
            *last = if *last == b'x' { b'y' } else { b'x' };
        }
        Ok(())
    })?;
    let why = "A place was changed by one letter after the custodian had sealed it. The record holds a commitment to what \
               was written, and the changed text does not fit it. Exporters cannot change it, even if they sign.";
    let task = "Where was the item found? The exhibit opens the places.";
    let solution = fails_at("redactions", "opening/mismatch", why);
    Ok(about_image("04-altered-opening", task, file, solution))
}

fn forged_signature(bench: &Bench) -> Result<Exercise, Failure> {
    let file = bench.signed(|contents, _| {
        let last = contents.records.len() - 1;
        let placed = &mut contents.records[last];
        let mut bytes = placed.record.as_bytes().to_vec();
        // In the middle of the last signature.
        let at = bytes.len() - 40;
        bytes[at] ^= 1;
        placed.record = Record::parse(&bytes)?;
        Ok(())
    })?;
    let why = "One signature was made up. It does not verify with the key that the person had, and the record with it is \
               not the one in the log's tree either.";
    let task = "Did the analyst really sign that the image's digest was computed again?";
    Ok(about_image(
        "05-forged-signature",
        task,
        file,
        fails_at("signatures", "cose/signature", why),
    ))
}

fn tampered_checkpoint(bench: &Bench) -> Result<Exercise, Failure> {
    let file = bench.signed(|contents, _| {
        let text = String::from_utf8_lossy(contents.checkpoint.as_bytes()).into_owned();
        let mut lines: Vec<_> = text.split('\n').map(str::to_owned).collect();
        // The size of the tree: one entry more than the log ever signed.
        let size: u64 = lines[1].parse().unwrap_or_default();
        lines[1] = (size + 1).to_string();
        contents.checkpoint = Checkpoint::parse(lines.join("\n").as_bytes())?;
        Ok(())
    })?;
    let why = "The checkpoint says that the ledger has one entry more than the log signed. The log's signatures are over \
               the number, so they do not verify.";
    let task = "How large was the ledger when this exhibit was made?";
    let solution = fails_at("checkpoint", "checkpoint/log-ed25519-invalid", why);
    Ok(about_image("06-tampered-checkpoint", task, file, solution))
}

fn changed_afterwards(bench: &Bench) -> Result<Exercise, Failure> {
    let honest = bench.export(&bench.desk, bench.image)?;
    let manifest = Exhibit::parse(&honest)?.signed_manifest().as_bytes().to_vec();
    let mut contents = Exhibit::parse(&honest)?.contents().clone();
    contents.openings.pop();
    let file = Exhibit::encode(&contents.encode(), &manifest);
    let why = "Somebody took an opening out after the exporter had signed. The manifest names the digest of everything in \
               the file. Ask the exporter for the file again; what was taken out, it does not tell.";
    let task = "The exhibit came by mail, through several hands.";
    let solution = fails_at("manifest", "manifest/contents-differ", why);
    Ok(about_image("07-changed-afterwards", task, file, solution))
}

fn wrong_item(bench: &Bench) -> Result<Exercise, Failure> {
    let other = (0..).map(|number| bench.keys.item(number)).find(|item| *item != bench.image);
    let file = bench.export(&bench.desk, other.unwrap_or(bench.image))?;
    let wanted = SubjectId::Item(bench.image);
    Ok(Exercise {
        name: "08-wrong-item",
        task: format!("You asked for the history of {wanted}."),
        files: vec![("image.exhibit", file)],
        command: "exhibit image.exhibit --policy policy.txt --agencies agencies.txt",
        solution: Solution {
            verdict: "verified",
            line: "completeness",
            code: "completeness/asserted",
            why: "Everything in the file is right, but it is about another item: the line `item` of the answer names it. \
                  A verdict is always about the item that the report names, never about the one that was asked for.",
        },
    })
}

fn altered_evidence(bench: &Bench) -> Result<Exercise, Failure> {
    let file = bench.export(&bench.desk, bench.image)?;
    let mut evidence = bench.evidence.clone();
    evidence[0] ^= 1;
    let why = "The history is genuine, but the file is not the one whose digest was recorded: it differs, if only by a bit. \
               Either it was changed, or it is another file.";
    let task = "`image.raw` is said to be the image that the exhibit is about.";
    let solution = fails_at("evidence-files", "evidence/no-match", why);
    let exercise = about_image("09-altered-evidence", task, file, solution);
    let files = exercise.files.into_iter().chain([("image.raw", evidence)]).collect();
    Ok(Exercise { files, ..exercise })
}

fn stripped_opening(bench: &Bench) -> Result<Exercise, Failure> {
    let file = bench.signed(|contents, _| {
        contents.openings.pop();
        Ok(())
    })?;
    let why = "A sealed field is neither opened nor on the manifest's list of what is withheld. Who withholds has to say \
               so, and why.";
    let task = "The exporter says that nothing was withheld.";
    let solution = fails_at("redactions", "redactions/unlisted", why);
    Ok(about_image("10-stripped-opening", task, file, solution))
}

fn withheld_but_open(bench: &Bench) -> Result<Exercise, Failure> {
    let file = bench.signed(|contents, manifest| {
        if let Some(opening) = contents.openings.first() {
            let (index, field) = (opening.index, opening.opening.field.clone());
            let reason = WithholdReason::PersonalData;
            manifest.withheld.insert(0, Withheld { index, field, reason });
        }
        Ok(())
    })?;
    let why = "The manifest says that a field is withheld, and the file opens it all the same. Somebody made a mistake that \
               may hurt a person: tell the exporter before you pass the file on.";
    let task = "The exporter says that one field was withheld to protect a person.";
    let solution = fails_at("redactions", "redactions/not-withheld", why);
    Ok(about_image("11-withheld-but-open", task, file, solution))
}
