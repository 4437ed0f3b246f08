//! Exports of Google's own documents. What is stored of them is text; it is dressed up as
//! the format that is asked for, unless a test has said what the export is.

use super::model::File;
use super::{file, not_found, zip};
use crate::error::{ApiError, Result};
use crate::faults::Effect;
use crate::http::Answer;
use crate::http::routes::Call;
use crate::world::World;

/// An export that is larger is refused.
const LARGEST: usize = 10 << 20;

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PPTX: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
pub(super) const PDF: &str = "application/pdf";

/// What a kind of document can be exported as.
pub(crate) fn formats(mime_type: &str) -> &'static [&'static str] {
    match mime_type.strip_prefix("application/vnd.google-apps.") {
        Some("document") => &[
            DOCX,
            "application/vnd.oasis.opendocument.text",
            "application/rtf",
            PDF,
            "text/plain",
            "application/zip",
            "application/epub+zip",
            "text/markdown",
            "text/html",
        ],
        Some("spreadsheet") => &[
            XLSX,
            "application/x-vnd.oasis.opendocument.spreadsheet",
            PDF,
            "application/zip",
            "text/csv",
            "text/tab-separated-values",
        ],
        Some("presentation") => &[
            PPTX,
            "application/vnd.oasis.opendocument.presentation",
            PDF,
            "text/plain",
            "image/jpeg",
            "image/png",
            "image/svg+xml",
        ],
        Some("drawing") => &["image/png", "image/jpeg", "image/svg+xml", PDF],
        Some("script") => &["application/vnd.google-apps.script+json"],
        Some("vid") => &["video/mp4"],
        _ => &[],
    }
}

pub(super) fn export(world: &mut World, call: &Call) -> Result<Answer> {
    let number = file(world, call)?;
    let Some(file) = world.drive.files.get(&number) else { return Err(not_found(call.param("fileId"))) };
    let format = call.query().required("mimeType")?;
    let bytes = bytes(file, format)?;
    if bytes.len() > LARGEST {
        // For PDF it sometimes fails to make one before it sees how large it is.
        let is_500 = format == PDF && world.effects.contains(&Effect::LargeExportFails);
        return Err(if is_500 {
            ApiError::new(500, "internalError", "Internal Error")
        } else {
            ApiError::new(403, "exportSizeLimitExceeded", "This file is too large to be exported.")
        });
    }
    Ok(Answer::bytes(200, format, bytes))
}

/// The bytes of an export, however large.
pub(super) fn bytes(file: &File, format: &str) -> Result<Vec<u8>> {
    let formats = formats(&file.mime_type);
    if formats.is_empty() {
        return Err(ApiError::new(403, "fileNotExportable", "Export only supports Docs Editors files."));
    }
    if file.is_download_disabled {
        return Err(super::download::cannot_download());
    }
    if let Some(bytes) = file.exports.get(format) {
        return Ok(bytes.to_vec());
    }
    if !formats.contains(&format) {
        return Err(ApiError::new(400, "badRequest", "The requested conversion is not supported.")
            .at("parameter", "convertTo"));
    }
    let text = String::from_utf8_lossy(file.content.as_deref().unwrap_or_default()).into_owned();
    Ok(match format {
        "text/plain" => [b"\xef\xbb\xbf", text.replace('\n', "\r\n").as_bytes()].concat(),
        "text/markdown" | "text/csv" | "application/vnd.google-apps.script+json" => text.into_bytes(),
        "text/tab-separated-values" => text.replace(',', "\t").into_bytes(),
        "text/html" => html(&file.name, &text).into_bytes(),
        "application/zip" => zip::archive(&[("document.html", html(&file.name, &text).as_bytes())]),
        "application/rtf" => format!("{{\\rtf1\\ansi {}}}", text.replace('\n', "\\par ")).into_bytes(),
        "image/svg+xml" => {
            format!("<svg xmlns=\"http://www.w3.org/2000/svg\"><text>{}</text></svg>", escape(&text))
                .into_bytes()
        }
        PDF => pdf(&text),
        DOCX => docx(&text),
        XLSX => xlsx(&text),
        _ => zip::archive(&[("content.txt", text.as_bytes())]),
    })
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn html(title: &str, text: &str) -> String {
    let paragraphs: String = text.lines().map(|line| format!("<p>{}</p>", escape(line))).collect();
    format!(
        "<html><head><meta charset=\"utf-8\"><title>{}</title></head><body>{paragraphs}</body></html>",
        escape(title)
    )
}

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/PART" ContentType="TYPE.main+xml"/>MORE</Types>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/KIND" Target="PART"/></Relationships>"#;

fn relations(kind: &str, part: &str) -> String {
    RELATIONS.replace("KIND", kind).replace("PART", part)
}

fn docx(text: &str) -> Vec<u8> {
    let paragraphs: String = text
        .lines()
        .map(|line| format!("<w:p><w:r><w:t xml:space=\"preserve\">{}</w:t></w:r></w:p>", escape(line)))
        .collect();
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>{paragraphs}</w:body></w:document>"
    );
    let types = TYPES.replace("PART", "word/document.xml").replace("TYPE", DOCX).replace("MORE", "");
    zip::archive(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", relations("officeDocument", "word/document.xml").as_bytes()),
        ("word/document.xml", document.as_bytes()),
    ])
}

/// A sheet of the lines' fields, which commas separate.
fn xlsx(text: &str) -> Vec<u8> {
    let rows: String = text
        .lines()
        .map(|line| {
            let cells: String = line
                .split(',')
                .map(|cell| format!("<c t=\"inlineStr\"><is><t>{}</t></is></c>", escape(cell)))
                .collect();
            format!("<row>{cells}</row>")
        })
        .collect();
    let sheet = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{rows}</sheetData></worksheet>"
    );
    let workbook = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"Sheet1\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>";
    let more = "<Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/>";
    let types = TYPES.replace("PART", "xl/workbook.xml").replace("TYPE", XLSX).replace("MORE", more);
    zip::archive(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", relations("officeDocument", "xl/workbook.xml").as_bytes()),
        ("xl/workbook.xml", workbook.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations("worksheet", "worksheets/sheet1.xml").as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

/// One page, one line of text below the other; what is not Latin is a question mark.
fn pdf(text: &str) -> Vec<u8> {
    let lines: String = text
        .lines()
        .map(|line| {
            let latin: String =
                line.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect();
            let escaped = latin.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)");
            format!("({escaped}) Tj T*\n")
        })
        .collect();
    let stream = format!("BT /F1 12 Tf 14 TL 72 720 Td\n{lines}ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{stream}\nendstream", stream.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut out = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        places.push(out.len());
        out.push_str(&format!("{number} 0 obj\n{object}\nendobj\n"));
    }
    let table = out.len();
    out.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
    places.iter().for_each(|place| out.push_str(&format!("{place:010} 00000 n \n")));
    out.push_str(&format!(
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n",
        objects.len() + 1
    ));
    out.into_bytes()
}
