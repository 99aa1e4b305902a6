//! A client of HTTP/1.1 as small as the tests need.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| &**value)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body, which is JSON.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body of a request that was met.
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    /// Asserts a status, and a sentence with these words.
    pub(crate) fn refused(&self, status: u16, expected: &str) {
        assert_eq!(self.status, status, "{}", self.text());
        let fault = self.json();
        let said = format!("{} | {}", fault["error"], fault["remedy"]);
        assert!(fault["error"].is_string(), "{fault}");
        assert!(
            said.contains(expected),
            "`{expected}` is missing in: {said}"
        );
    }
}

/// A connection that is kept open.
pub(crate) struct Client {
    stream: TcpStream,
    /// What was read beyond the answer before.
    read: Vec<u8>,
}

impl Client {
    pub(crate) fn new(address: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            read: Vec::new(),
        })
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    pub(crate) fn ask(&mut self, request: &[u8]) -> std::io::Result<Answer> {
        self.send(request)?;
        self.answer()
    }

    pub(crate) fn answer(&mut self) -> std::io::Result<Answer> {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.read_more()?;
        };
        let head = String::from_utf8_lossy(&self.read[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        let mut answer = Answer {
            status: status.parse().unwrap(),
            headers: lines.filter_map(header).collect(),
            body: Vec::new(),
        };
        let length = answer
            .header("content-length")
            .map(|text| text.parse().unwrap());
        let length: usize = length.unwrap_or_default();
        while self.read.len() < end + length {
            self.read_more()?;
        }
        let rest = self.read.split_off(end + length);
        answer.body = self.read.split_off(end);
        self.read = rest;
        Ok(answer)
    }

    fn read_more(&mut self) -> std::io::Result<()> {
        let mut piece = [0; 1 << 16];
        match self.stream.read(&mut piece)? {
            0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
            n => {
                self.read.extend_from_slice(&piece[..n]);
                Ok(())
            }
        }
    }
}

/// A request as bytes.
pub(crate) fn request(method: &str, path: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: test\r\n");
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    text.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    [text.as_bytes(), body].concat()
}

/// A key as it stands in a path.
pub(crate) fn encoded(key: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    key.bytes().map(byte).collect()
}
