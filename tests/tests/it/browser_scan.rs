//! Labels before a camera, in a real browser: the picture is a film that is made of a label as it is printed, and the camera is
//! the browser's own pretended one, which shows the film. `tests/browser/scan.test.mjs` looks on.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::browser_stage::{Stage, reserve};
use crate::page_browser::has_browser;
use crate::print_paper::{Picture, draw_svg};

/// Width and height of the film.
const FRAME: (usize, usize) = (640, 480);
/// Frames on which there is a table and no label, and those on which there is one.
const FRAMES: [usize; 2] = [10, 30];
/// The grey of a table.
const TABLE: u8 = 120;
/// Dots of an inch at which the label is seen: its code, 25 mm wide, fills a third of the picture.
const DPI: u32 = 220;

/// A frame with the label on a table, turned by so many degrees, and moved.
fn frame(label: &Picture, degrees: f32, (dx, dy): (f32, f32)) -> Vec<u8> {
    let Picture(width, dots) = label;
    let (width, height) = (*width as f32, (dots.len() / width) as f32);
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (columns, rows) = FRAME;
    let mut grey = Vec::with_capacity(columns * rows);
    for at in 0..columns * rows {
        let x = (at % columns) as f32 - columns as f32 / 2.0 - dx;
        let y = (at / columns) as f32 - rows as f32 / 2.0 - dy;
        let (u, v) = (x * cos + y * sin + width / 2.0, y * cos - x * sin + height / 2.0);
        let is_on = u >= 0.0 && v >= 0.0 && u < width && v < height;
        grey.push(if is_on { dots[v as usize * width as usize + u as usize] } else { TABLE });
    }
    grey
}

/// A film in the format Y4M: a header, and frames of grey dots and of two quarters as many for colours, of which there are none.
fn film(path: &Path, label: &Picture) {
    let mut file = fs::File::create(path).unwrap();
    let (width, height) = FRAME;
    writeln!(file, "YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg").unwrap();
    let mut show = |grey: &[u8]| {
        file.write_all(b"FRAME\n").unwrap();
        file.write_all(grey).unwrap();
        file.write_all(&vec![128; width * height / 2]).unwrap();
    };
    let [empty, held] = FRAMES;
    for _ in 0..empty {
        show(&vec![TABLE; width * height]);
    }
    // As a hand holds it: askew, and not still.
    for at in 0..held {
        let swing = (at as f32 / 5.0).sin();
        show(&frame(label, 8.0 + 6.0 * swing, (20.0 * swing, -10.0 * swing)));
    }
}

#[test]
fn a_label_is_scanned_by_camera() {
    if !has_browser("browser_scan::a_label_is_scanned_by_camera") {
        return;
    }
    let stage = Stage::plain();
    let taken = ["collect", "--description", "a suitcase with a label", "--key", "keys/keeper.key"];
    let taken = stage.custody(&taken);
    let item = taken["item"].as_str().unwrap();
    stage.custody(&["label", item, "--sheet", "single", "--out", "label.svg"]);
    let label = draw_svg(&fs::read(stage.out().join("label.svg")).unwrap(), DPI);
    let path = stage.out().join("label.y4m");
    film(&path, &label);
    let served = stage.serve(&reserve(), "");
    let told = [("CUSTODY_FILM", path.as_path()), ("CUSTODY_ITEM", Path::new(item))];
    stage.play(&served, ("scan.test.mjs", 4), &told);
}
