//! How is an expression nested? A recursive-descent parser of the CEL subset.
//!
//! The `cel` crate's own parser was tried first: it overflows an 8 MiB stack at 95 nested parentheses, refuses
//! `has(name)` for plain names, and names its grammar rules in its messages.

use crate::error::Fault;
use crate::token::{Token, tokens};
use crate::{DEPTH_MAX, LIST_MAX, NODES_MAX, SOURCE_BYTES_MAX};

/// A node of the syntax tree.
#[derive(Debug)]
pub(crate) struct Ast {
    /// Byte offset of what the node is reported at: the operator of an operation, otherwise the first byte.
    pub(crate) at: usize,
    /// Longest way down, this node included.
    pub(crate) depth: usize,
    pub(crate) kind: AstKind,
}

#[derive(Debug)]
pub(crate) enum AstKind {
    Number(f64),
    Text(String),
    Bool(bool),
    /// A name with its points.
    Name(String),
    List(Vec<Ast>),
    Call(String, Vec<Ast>),
    Not(Box<Ast>),
    Negate(Box<Ast>),
    /// Comparison or arithmetic, by its sign.
    Binary(&'static str, Box<Ast>, Box<Ast>),
    In(Box<Ast>, Box<Ast>),
    /// `a && b && c`
    All(Vec<Ast>),
    /// `a || b || c`
    Any(Vec<Ast>),
    If(Box<Ast>, Box<Ast>, Box<Ast>),
}

/// Parses a whole source.
pub(crate) fn parse(source: &str) -> Result<Ast, Fault> {
    if source.len() > SOURCE_BYTES_MAX {
        let message =
            format!("the expression has {} bytes, at most {SOURCE_BYTES_MAX} are allowed", source.len());
        return Err(Fault::new(SOURCE_BYTES_MAX, message).help("split it into several rules"));
    }
    let mut parser = Parser { tokens: tokens(source)?, next: 0, nodes: 0, open: 0 };
    if *parser.peek() == Token::End {
        return Err(Fault::new(0, "the expression is empty").help("write a condition, as in `amount > 100`"));
    }
    let ast = parser.expression()?;
    match parser.peek() {
        Token::End => Ok(ast),
        _ => Err(parser.unexpected("an operator or the end")),
    }
}

/// Binary operators by how loosely they bind, loosest first; `&&`, `||` and `?:` bind more loosely still.
const LEVELS: &[&[&str]] = &[&["==", "!=", "<", "<=", ">", ">="], &["+", "-"], &["*", "/", "%"]];

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    nodes: usize,
    /// Calls of the parser by itself that have not returned.
    open: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.next].1
    }

    fn at(&self) -> usize {
        self.tokens[self.next].0
    }

    /// Moves past a token; the end is never passed.
    fn advance(&mut self) -> Token {
        let token = self.tokens[self.next].1.clone();
        if token != Token::End {
            self.next += 1;
        }
        token
    }

    /// Moves past `sign` where it comes next.
    fn accept(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Token::Sign(s) if *s == sign);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, sign: &str, why: &str) -> Result<(), Fault> {
        if self.accept(sign) { Ok(()) } else { Err(self.unexpected(&format!("`{sign}` {why}"))) }
    }

    fn unexpected(&self, expected: &str) -> Fault {
        let fault = Fault::new(self.at(), format!("expected {expected}, found {}", self.peek().described()));
        match self.peek() {
            Token::Name(word) => match word.to_lowercase().as_str() {
                "and" => fault.help("write `&&` for and"),
                "or" => fault.help("write `||` for or"),
                "not" => fault.help("write `!` for not"),
                "is" => fault.help("write `==` to compare, `has(x)` to test whether x is known"),
                _ => fault,
            },
            _ => fault,
        }
    }

    fn node(&mut self, at: usize, below: usize, kind: AstKind) -> Result<Ast, Fault> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            let message = format!("the expression has more than {NODES_MAX} names, constants and operators");
            return Err(Fault::new(at, message).help("split it into several rules"));
        }
        if below >= DEPTH_MAX {
            return Err(too_deep(at));
        }
        Ok(Ast { at, depth: below + 1, kind })
    }

    /// Runs `inner` one level deeper.
    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.open >= DEPTH_MAX {
            return Err(too_deep(self.at()));
        }
        self.open += 1;
        let result = inner(self);
        self.open -= 1;
        result
    }

    /// `or`, or `or ? or : expression`
    fn expression(&mut self) -> Result<Ast, Fault> {
        self.deeper(|p| {
            let condition = p.chain("||")?;
            let at = p.at();
            if !p.accept("?") {
                return Ok(condition);
            }
            let then = p.chain("||")?;
            p.expect(":", "and what holds otherwise")?;
            let other = p.expression()?;
            let below = condition.depth.max(then.depth).max(other.depth);
            p.node(at, below, AstKind::If(condition.into(), then.into(), other.into()))
        })
    }

    /// Operands joined by `||`, each of operands joined by `&&`.
    fn chain(&mut self, sign: &'static str) -> Result<Ast, Fault> {
        let mut parts = Vec::new();
        let mut at = self.at();
        loop {
            parts.push(if sign == "||" { self.chain("&&")? } else { self.binary(0)? });
            let here = self.at();
            if !self.accept(sign) {
                break;
            }
            if parts.len() == 1 {
                at = here;
            }
        }
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        let below = parts.iter().map(|part| part.depth).max().unwrap_or(0);
        self.node(at, below, if sign == "||" { AstKind::Any(parts) } else { AstKind::All(parts) })
    }

    fn binary(&mut self, level: usize) -> Result<Ast, Fault> {
        let Some(signs) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        loop {
            let at = self.at();
            let operator = match self.peek() {
                Token::Sign(sign) if signs.contains(sign) => Some(*sign),
                Token::In if level == 0 => None,
                _ => return Ok(left),
            };
            self.advance();
            let right = self.binary(level + 1)?;
            let below = left.depth.max(right.depth);
            let kind = match operator {
                Some(sign) => AstKind::Binary(sign, left.into(), right.into()),
                None => AstKind::In(left.into(), right.into()),
            };
            left = self.node(at, below, kind)?;
        }
    }

    fn unary(&mut self) -> Result<Ast, Fault> {
        let at = self.at();
        let not = self.accept("!");
        if !not && !self.accept("-") {
            return self.primary();
        }
        let operand = self.deeper(Self::unary)?;
        let below = operand.depth;
        self.node(at, below, if not { AstKind::Not(operand.into()) } else { AstKind::Negate(operand.into()) })
    }

    fn primary(&mut self) -> Result<Ast, Fault> {
        const EXPECTED: &str = "a name, a constant or `(`";
        let at = self.at();
        let ast = match self.peek() {
            Token::Number(_) | Token::Text(_) | Token::True | Token::False => {
                let kind = match self.advance() {
                    Token::Number(n) => AstKind::Number(n),
                    Token::Text(text) => AstKind::Text(text),
                    token => AstKind::Bool(token == Token::True),
                };
                self.node(at, 0, kind)?
            }
            Token::Name(_) => self.name_or_call()?,
            Token::Null => {
                let fault = Fault::new(at, "`null` is not supported");
                return Err(
                    fault.help("write `has(x)` to test whether x is known, `!has(x)` for the contrary")
                );
            }
            Token::Sign("(") => {
                self.advance();
                let inner = self.expression()?;
                self.expect(")", "to close the parenthesis")?;
                inner
            }
            Token::Sign("[") => {
                self.advance();
                let items = self.items("]")?;
                let below = items.iter().map(|item| item.depth).max().unwrap_or(0);
                self.node(at, below, AstKind::List(items))?
            }
            Token::Sign("{") => return Err(Fault::new(at, "maps are not supported")),
            Token::In | Token::Sign(_) | Token::End => return Err(self.unexpected(EXPECTED)),
        };
        match self.peek() {
            Token::Sign(".") => Err(Fault::new(self.at(), "only a name can be followed by `.`")
                .help("functions are written before their argument, as in days(x)")),
            Token::Sign("[") => {
                Err(Fault::new(self.at(), "values cannot be indexed").help("a list stands after `in`"))
            }
            _ => Ok(ast),
        }
    }

    fn name_or_call(&mut self) -> Result<Ast, Fault> {
        let at = self.at();
        let mut path = String::new();
        loop {
            match self.peek() {
                Token::Name(part) => path.push_str(part),
                // `in` is an operator only between operands; a field may be called so.
                Token::In if !path.is_empty() => path.push_str("in"),
                _ => return Err(self.unexpected("a name after `.`")),
            }
            self.advance();
            if !self.accept(".") {
                break;
            }
            path.push('.');
        }
        if !self.accept("(") {
            return self.node(at, 0, AstKind::Name(path));
        }
        let arguments = self.items(")")?;
        let below = arguments.iter().map(|a| a.depth).max().unwrap_or(0);
        self.node(at, below, AstKind::Call(path, arguments))
    }

    /// Expressions between commas up to `close`; a comma before it is allowed.
    fn items(&mut self, close: &'static str) -> Result<Vec<Ast>, Fault> {
        let mut items = Vec::new();
        while !self.accept(close) {
            if items.len() == LIST_MAX {
                let message = format!("the list has more than {LIST_MAX} values");
                return Err(Fault::new(self.at(), message).help("make it a feature of the catalogue"));
            }
            items.push(self.expression()?);
            if !self.accept(",") {
                self.expect(close, "or `,`")?;
                break;
            }
        }
        Ok(items)
    }
}

fn too_deep(at: usize) -> Fault {
    Fault::new(at, format!("the expression is nested deeper than {DEPTH_MAX} levels"))
        .help("split it into several rules")
}
