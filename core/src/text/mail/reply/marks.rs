//! How mail programs, in several languages, mark quotes, forwards and signatures.
//!
//! Every test here looks at a line of bounded length and at a bounded number of lines
//! below it, so that splitting stays linear.

/// Lines longer than this carry text, never a mark.
const MAX_MARK_BYTES: usize = 500;

/// What opens the line above a quote ("On Monday ... wrote:"), lower case.
const OPENINGS: &[&str] = &[
    "on ",
    "am ",
    "le ",
    "el ",
    "em ",
    "il ",
    "op ",
    "den ",
    "dne ",
    "dnia ",
    "w dniu ",
    "kl ",
    "at ",
    "in ",
    "a ",
    "quoting ",
    "zitat von ",
    "citando ",
    "om ",
    "på ",
    "fra ",
    "from ",
    "once upon a time, ",
    "thus spake ",
    "ma ",
    "vào ",
    "pada ",
];

/// The verb in it, lower case.
const VERBS: &[&str] = &[
    "wrote",
    "writes",
    "write",
    "said",
    "says",
    "schrieb",
    "a écrit",
    "ecrit",
    "escribió",
    "escribio",
    "escreveu",
    "ha scritto",
    "scrisse",
    "schreef",
    "skrev",
    "napisał",
    "napisała",
    "napsal",
    "kirjoitti",
    "написал",
    "пишет",
    "写道",
    "yazdı",
    "írta",
    "geschreven",
    "scris",
    "wrote the following",
    "thus spake",
    "spake",
    "mumbled",
];

const ORIGINALS: &[&str] = &[
    "original message",
    "original appointment",
    "original-nachricht",
    "ursprüngliche nachricht",
    "urspruengliche nachricht",
    "original nachricht",
    "message d'origine",
    "message d’origine",
    "message original",
    "mensaje original",
    "mensagem original",
    "messaggio originale",
    "oorspronkelijk bericht",
    "ursprungligt meddelande",
    "oprindelig meddelelse",
    "opprinnelig melding",
    "alkuperäinen viesti",
    "исходное сообщение",
    "原始邮件",
    "reply message",
    "reply separator",
];

const FORWARDS: &[&str] = &[
    "forwarded",
    "weitergeleitet",
    "transféré",
    "transmis",
    "reenviado",
    "encaminhad",
    "inoltrat",
    "doorgestuurd",
    "vidarebefordra",
    "videresendt",
    "przekazan",
    "пересл",
    "转发",
];

/// `From:` in the header block of a quoted or forwarded mail, without colon.
const FROM_LABELS: &[&str] =
    &["from", "von", "de", "da", "van", "från", "fra", "od", "от", "发件人", "差出人"];

/// The other labels of such a block.
const OTHER_LABELS: &[&str] = &[
    "sent",
    "date",
    "to",
    "cc",
    "subject",
    "gesendet",
    "datum",
    "an",
    "betreff",
    "envoyé",
    "date",
    "à",
    "objet",
    "enviado",
    "enviada em",
    "fecha",
    "para",
    "asunto",
    "data",
    "assunto",
    "inviato",
    "a",
    "oggetto",
    "verzonden",
    "aan",
    "onderwerp",
    "skickat",
    "till",
    "ämne",
    "sendt",
    "til",
    "emne",
    "wysłano",
    "do",
    "temat",
    "reply-to",
    "发送时间",
    "收件人",
    "主题",
    "送信日時",
    "宛先",
    "件名",
    "дата",
    "кому",
    "тема",
];

const MOBILE: &[&str] = &[
    "sent from my ",
    "sent from mail for ",
    "sent from outlook",
    "sent from yahoo",
    "sent from samsung",
    "sent via ",
    "sent with ",
    "sent on the go",
    "sent using ",
    "get outlook for ",
    "von meinem ",
    "gesendet von ",
    "gesendet mit ",
    "diese nachricht wurde von meinem",
    "envoyé de mon ",
    "envoyé depuis ",
    "envoyé à partir de ",
    "enviado desde ",
    "enviado do ",
    "enviado a partir d",
    "enviado de mi ",
    "inviato da ",
    "inviato dal ",
    "verzonden vanaf ",
    "verstuurd vanaf ",
    "skickat från ",
    "sendt fra ",
    "lähetetty ",
    "wysłane z ",
    "отправлено с ",
    "发自我的",
    "iphoneから送信",
];

/// The line for comparing: trimmed, lower case; empty if it is too long to be a mark.
fn folded(line: &str) -> String {
    let line = line.trim();
    if line.len() > MAX_MARK_BYTES { String::new() } else { line.to_lowercase() }
}

/// `> text`, also `AB> text` and ` > text`.
pub(super) fn is_quote(line: &str) -> bool {
    let indented = line.len() - line.trim_start_matches(' ').len();
    let rest = &line[indented..];
    if rest.starts_with('>') {
        return indented <= 3;
    }
    let initials = rest.bytes().take_while(u8::is_ascii_uppercase).count();
    (1..=4).contains(&initials) && rest[initials..].starts_with("> ")
}

/// Marks other than `>` that some programs put before quoted lines. They count only below
/// the line that introduces a quote: elsewhere they are tables and trees.
const RARE_QUOTES: &[&str] = &["|", "--]", "]", "}", "=>", "»"];

/// The rare mark that the first line with text from `at` begins with.
pub(super) fn rare_quote(lines: &[&str], at: usize) -> Option<&'static str> {
    let next = lines[at..].iter().take(3).find(|line| !line.trim().is_empty())?;
    RARE_QUOTES.iter().copied().find(|mark| next.trim_start().starts_with(mark))
}

/// How many lines from `at` are the line above a quote, or 0.
pub(super) fn attribution(lines: &[&str], at: usize) -> usize {
    let first = folded(lines[at]);
    if first.is_empty() || is_quote(lines[at]) {
        return 0;
    }
    let opens = OPENINGS.iter().any(|opening| first.starts_with(opening));
    let mut joined = String::new();
    for (taken, line) in lines[at..].iter().take(if opens { 4 } else { 1 }).enumerate() {
        let line = folded(line);
        // A program that wraps long lines can wrap the quoted ones into this one too.
        if line.is_empty() || (taken > 0 && is_quote(&line)) {
            break;
        }
        joined.push_str(&line);
        joined.push(' ');
        if joined.len() > MAX_MARK_BYTES {
            break;
        }
        if joined.trim_end().ends_with([':', '：']) {
            let next = lines[at + taken + 1..].iter().take(3).find(|line| !line.trim().is_empty());
            let quoted =
                next.is_some_and(|line| is_quote(line)) || rare_quote(lines, at + taken + 1).is_some();
            let verb = VERBS.iter().any(|verb| contains_word(&joined, verb));
            let digits = joined.bytes().filter(u8::is_ascii_digit).count() >= 3;
            let address = joined.contains('@');
            let enough = if quoted {
                verb || address || (opens && digits)
            } else {
                opens && verb && (digits || address)
            };
            return if enough { taken + 1 } else { 0 };
        }
    }
    0
}

fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        let inside = |c: Option<char>| c.is_some_and(char::is_alphabetic);
        !word.is_ascii() || (!inside(before) && !inside(after))
    })
}

/// `-----Original Message-----`: all below is quoted.
pub(super) fn is_original(line: &str) -> bool {
    let line = folded(line);
    let framed = line.starts_with("--") || line.starts_with("__") || line.starts_with("==");
    framed && ORIGINALS.iter().any(|mark| line.contains(mark))
}

/// `---------- Forwarded message ---------`, `Begin forwarded message:`: all below is new.
pub(super) fn is_forward(line: &str) -> bool {
    let line = folded(line);
    // PGP escapes a line that begins with a dash.
    let line = line.strip_prefix("- ").unwrap_or(&line);
    let framed = line.starts_with("--") || line.starts_with("==");
    (framed && FORWARDS.iter().any(|mark| line.contains(mark)))
        || line == "begin forwarded message:"
        || line == "anfang der weitergeleiteten nachricht:"
        || line == "début du message transféré :"
        || line == "inizio messaggio inoltrato:"
        || line == "inicio del mensaje reenviado:"
}

/// Whether a header block of a quoted mail (`From:`, `Sent:`, `To:`) begins at `at`.
pub(super) fn header_block(lines: &[&str], at: usize) -> bool {
    let label = |line: &str| -> Option<String> {
        let line = folded(line.trim_start().trim_start_matches(['*', '_']));
        let colon = line.find([':', '：'])?;
        let label = line[..colon].trim_end_matches(['*', '_', ' ', '\u{a0}']).to_owned();
        (label.len() <= 24 && line.len() > colon + 1 || line.ends_with(":*")).then_some(label)
    };
    if !label(lines[at]).is_some_and(|found| FROM_LABELS.contains(&found.as_str())) {
        return false;
    }
    let below = lines[at + 1..].iter().take(7).filter_map(|line| label(line));
    below.filter(|found| OTHER_LABELS.contains(&found.as_str())).take(2).count() == 2
}

/// `-- `, the delimiter of a signature, also escaped by PGP.
pub(super) fn is_signature_delimiter(line: &str) -> bool {
    matches!(line, "-- " | "--" | "- -- " | "- --" | "—" | "-- \u{a0}")
}

/// A line a telephone adds.
pub(super) fn is_mobile_signature(line: &str) -> bool {
    let line = folded(line);
    let line = line.trim_start_matches(|c: char| !c.is_alphanumeric());
    line.len() <= 120 && MOBILE.iter().any(|start| line.starts_with(start)) && !line.ends_with(':')
}

/// A rule that may separate a footer: one character, repeated.
pub(super) fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 20
        && line.len() <= 200
        && ['_', '-', '=', '*'].iter().any(|&c| line.chars().all(|l| l == c))
}

/// What list managers and free mail services add as the last paragraph, without a rule.
pub(super) fn is_closing_footer(line: &str) -> bool {
    let line = folded(line);
    let url = line.starts_with("http") && !line.contains(char::is_whitespace);
    let starts = ["to unsubscribe", "your use of yahoo! groups", "unsubscribe:", "post to:"];
    (url && (line.contains("/listinfo/") || line.contains("/mailman/")))
        || starts.iter().any(|start| line.starts_with(start))
}

/// What a list manager says below its rule.
pub(super) fn is_footer_text(line: &str) -> bool {
    let line = folded(line);
    let says = [
        "mailing list",
        "unsubscribe",
        "mailman/listinfo",
        "to post to this group",
        "to subscribe",
        "sponsored by",
        "list archive",
        "you received this message because",
        "to stop receiving emails",
        "listinfo",
        "yahoo! groups",
        "this mail sent through",
        "list info",
    ];
    says.iter().any(|phrase| line.contains(phrase))
}
