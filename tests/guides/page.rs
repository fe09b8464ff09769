//! A page of Markdown, as far as a test has to do with it: dialogues at a shell, tables that are
//! generated, and text. Rendering gives back what was parsed, to the byte.

/// A page.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) parts: Vec<Part>,
}

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Lines that nobody looks at.
    Text(Vec<String>),
    /// A block that begins with ```` ```console ````.
    Dialogue(Vec<Exchange>),
    /// What stands between `<!-- table: NAME -->` and `<!-- end -->`.
    Generated {
        /// Which table it is.
        name: String,
        /// Its lines.
        lines: Vec<String>,
    },
}

/// A command, and what it prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exchange {
    /// Everything behind the prompt, with the lines that continue it.
    pub(crate) command: String,
    /// What follows, up to the next prompt; nothing when it is not shown.
    pub(crate) output: String,
}

impl Exchange {
    /// Whether the page says what is printed.
    pub(crate) fn is_shown(&self) -> bool {
        !self.output.is_empty()
    }
}

const TABLE: &str = "<!-- table: ";
const END: &str = "<!-- end -->";

impl Page {
    pub(crate) fn parse(text: &str) -> Page {
        let mut parts = vec![Part::Text(Vec::new())];
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(name) = line.strip_prefix(TABLE).and_then(|rest| rest.strip_suffix(" -->"))
            {
                let lines = lines.by_ref().take_while(|line| *line != END);
                let lines = lines.map(str::to_owned).collect();
                parts.push(Part::Generated { name: name.to_owned(), lines });
                parts.push(Part::Text(Vec::new()));
            } else if line == "```console" {
                parts.push(Part::Dialogue(exchanges(lines.by_ref().take_while(|it| *it != "```"))));
                parts.push(Part::Text(Vec::new()));
            } else if let Some(Part::Text(text)) = parts.last_mut() {
                text.push(line.to_owned());
            }
        }
        Page { parts }
    }

    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        let mut line = |line: &str| {
            text.push_str(line);
            text.push('\n');
        };
        for part in &self.parts {
            match part {
                Part::Text(lines) => lines.iter().for_each(|it| line(it)),
                Part::Generated { name, lines } => {
                    line(&format!("{TABLE}{name} -->"));
                    lines.iter().for_each(|it| line(it));
                    line(END);
                }
                Part::Dialogue(exchanges) => {
                    line("```console");
                    for Exchange { command, output } in exchanges {
                        line(&format!("$ {command}"));
                        output.lines().for_each(&mut line);
                    }
                    line("```");
                }
            }
        }
        text
    }

    /// How many commands the page shows.
    pub(crate) fn dialogues(&self) -> usize {
        let count = |part: &Part| match part {
            Part::Dialogue(exchanges) => exchanges.len(),
            Part::Text(_) | Part::Generated { .. } => 0,
        };
        self.parts.iter().map(count).sum()
    }
}

fn exchanges<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Exchange> {
    let mut found: Vec<Exchange> = Vec::new();
    for line in lines {
        match (line.strip_prefix("$ "), found.last_mut()) {
            (Some(command), _) => {
                found.push(Exchange { command: command.to_owned(), output: String::new() });
            }
            (None, Some(last)) if last.output.is_empty() && last.command.ends_with('\\') => {
                last.command.push('\n');
                last.command.push_str(line);
            }
            (None, Some(last)) => {
                last.output.push_str(line);
                last.output.push('\n');
            }
            (None, None) => panic!("a dialogue begins with a prompt, not with {line:?}"),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_rendered_as_it_was() {
        let text = "# a\n\n```console\n$ b \\\n    c\nd\n\ne\n$ f\n```\n\n<!-- table: g -->\n| h |\n<!-- end -->\n```sh\n$ i\n```\n";
        let page = Page::parse(text);
        assert_eq!(page.render(), text);
        assert_eq!(page.dialogues(), 2);
        let exchanges = vec![
            Exchange { command: "b \\\n    c".to_owned(), output: "d\n\ne\n".to_owned() },
            Exchange { command: "f".to_owned(), output: String::new() },
        ];
        assert_eq!(page.parts[1], Part::Dialogue(exchanges));
    }
}
