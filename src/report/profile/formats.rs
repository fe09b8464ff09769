//! A profile in the forms that other programs read.

use serde::Serialize;

use super::ProfileReport;

/// A file as speedscope viewers read it: every path is a sample with its fuel as weight.
#[derive(Serialize)]
struct Speedscope<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    name: String,
    exporter: &'static str,
    shared: Shared<'a>,
    profiles: [Samples; 1],
}

#[derive(Serialize)]
struct Shared<'a> {
    frames: Vec<Frame<'a>>,
}

#[derive(Serialize)]
struct Frame<'a> {
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Samples {
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    unit: &'static str,
    start_value: u64,
    end_value: u64,
    samples: Vec<Vec<usize>>,
    weights: Vec<u64>,
}

impl ProfileReport {
    /// One line for each path that used fuel or ends in the host: frames with semicolons between
    /// them, a blank, and fuel. The lines are sorted.
    pub fn collapsed(&self) -> String {
        let mut lines: Vec<String> = self.lines().collect();
        lines.sort_unstable();
        lines.concat()
    }

    /// A file for speedscope viewers.
    pub fn speedscope(&self) -> String {
        let shown: Vec<usize> = self.shown().collect();
        let name = self.title();
        let file = Speedscope {
            schema: "https://www.speedscope.app/file-format-schema.json",
            name: name.clone(),
            exporter: concat!("capsule ", env!("CARGO_PKG_VERSION")),
            shared: Shared {
                frames: self.functions.iter().map(|f| Frame { name: &f.name }).collect(),
            },
            profiles: [Samples {
                kind: "sampled",
                name,
                unit: "none",
                start_value: 0,
                end_value: self.fuel.total,
                samples: shown.iter().map(|path| self.frames(*path)).collect(),
                weights: shown.iter().map(|path| self.paths[*path].own).collect(),
            }],
        };
        // Strings and numbers, which nothing can fail to write down.
        let mut text = serde_json::to_string(&file).unwrap_or_default();
        text.push('\n');
        text
    }

    /// A flame graph.
    pub fn svg(&self) -> std::io::Result<String> {
        let mut options = inferno::flamegraph::Options::default();
        options.title = self.title();
        options.subtitle = Some(format!("{} fuel", super::grouped(self.fuel.total)));
        options.count_name = "fuel".to_owned();
        options.deterministic = true;
        let lines = self.collapsed();
        let mut svg = Vec::new();
        inferno::flamegraph::from_lines(&mut options, lines.lines(), &mut svg)?;
        Ok(String::from_utf8_lossy(&svg).into_owned())
    }

    fn title(&self) -> String {
        format!("{} {}", self.capsule, self.action)
    }

    /// Paths that used fuel themselves, and those that end in the host, which use none.
    fn shown(&self) -> impl Iterator<Item = usize> {
        (0..self.paths.len()).filter(|path| {
            let path = &self.paths[*path];
            path.own > 0 || self.functions[path.function].kind == "host"
        })
    }

    /// The functions on a path, outermost first.
    fn frames(&self, path: usize) -> Vec<usize> {
        let callers = std::iter::successors(Some(path), |path| self.paths[*path].caller);
        let mut frames: Vec<usize> = callers.map(|path| self.paths[path].function).collect();
        frames.reverse();
        frames
    }

    fn lines(&self) -> impl Iterator<Item = String> {
        self.shown().map(|path| {
            let frames = self.frames(path);
            let names = frames.iter().map(|function| self.functions[*function].name.as_str());
            format!("{} {}\n", names.collect::<Vec<_>>().join(";"), self.paths[path].own)
        })
    }
}
