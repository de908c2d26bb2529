//! Do names and types fit? From the syntax tree to a typed tree of numbers, with constants folded.

use crate::error::{Fault, did_you_mean};
use crate::parse::{Ast, AstKind};
use crate::scalar::{Binary, Compare, Unary, truth};
use crate::{Scope, Slot, Type};
use ringfence_domain::{Duration, Timestamp};

/// A typed tree over `f64`; see the crate's documentation for what each value means.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Node {
    Constant(f64),
    Slot(Slot),
    Has(Slot),
    Not(Box<Node>),
    Unary(Unary, Box<Node>),
    Binary(Binary, Box<Node>, Box<Node>),
    Compare(Compare, Box<Node>, Box<Node>),
    In(Box<Node>, Vec<f64>),
    All(Vec<Node>),
    Any(Vec<Node>),
    If(Box<Node>, Box<Node>, Box<Node>),
}

/// Functions, for "did you mean".
const FUNCTIONS: &[&str] = &[
    "abs",
    "days",
    "duration",
    "floor",
    "has",
    "hour_of_day",
    "hours",
    "ln1p",
    "max",
    "min",
    "timestamp",
    "weekday",
];

/// What to write instead of functions that CEL has and this subset has not.
const INSTEAD: &[(&str, &str)] = &[
    ("getHours", "write hour_of_day(x)"),
    ("getDayOfWeek", "write weekday(x), where 0 is Monday"),
    ("getSeconds", "write hours(x) for the length of a duration in hours"),
    ("size", "count in a feature of the catalogue"),
    ("contains", "texts can only be compared for equality"),
    ("startsWith", "texts can only be compared for equality"),
    ("endsWith", "texts can only be compared for equality"),
    ("matches", "texts can only be compared for equality"),
    ("int", "every number is a double; leave the conversion out"),
    ("uint", "every number is a double; leave the conversion out"),
    ("double", "every number is a double; leave the conversion out"),
    ("log", "write ln1p(x), the natural logarithm of 1 + x"),
    ("ln", "write ln1p(x), the natural logarithm of 1 + x"),
];

/// Checks `ast` and wants it to be of type `expected`.
pub(crate) fn check(ast: &Ast, scope: &mut dyn Scope, expected: Type) -> Result<Node, Fault> {
    let checked = Checker { scope }.value(ast)?;
    if checked.ty == expected {
        return Ok(checked.node);
    }
    let message = format!("the expression is {}, {} is needed", checked.ty.described(), expected.described());
    let help = match (expected, checked.ty) {
        (Type::Bool, Type::Number | Type::Time | Type::Duration) => Some("compare it, as in `x > 0`"),
        (Type::Bool, Type::Text) => Some("compare it, as in `x == 'word'`"),
        (Type::Number, Type::Bool) => Some("write `x ? 1 : 0`"),
        (Type::Number, Type::Duration) => Some("write days(x) or hours(x)"),
        (Type::Number | Type::Duration, Type::Time) => Some("subtract another time from it"),
        _ => None,
    };
    Err(Fault::new(ast.at, message).maybe_help(help.map(str::to_owned)))
}

/// A node with its type and, for a text, the slot whose codes it uses.
struct Typed {
    node: Node,
    ty: Type,
    codes: Option<Slot>,
}

impl Typed {
    fn new(ty: Type, node: Node) -> Self {
        Typed { node, ty, codes: None }
    }
    fn bool(node: Node) -> Self {
        Self::new(Type::Bool, node)
    }
}

struct Checker<'a> {
    scope: &'a mut dyn Scope,
}

impl Checker<'_> {
    /// Checks an expression that stands for a value of its own: a text in quotes does not.
    fn value(&mut self, ast: &Ast) -> Result<Typed, Fault> {
        match &ast.kind {
            AstKind::Number(n) => Ok(Typed::new(Type::Number, Node::Constant(*n))),
            AstKind::Bool(b) => Ok(Typed::bool(Node::Constant(f64::from(u8::from(*b))))),
            AstKind::Text(_) => Err(Fault::new(ast.at, "a text in quotes can only be compared with a name")
                .help("write `name == 'text'` or `name in ['a', 'b']`")),
            AstKind::List(_) => Err(Fault::new(ast.at, "a list can only stand after `in`")),
            AstKind::Name(path) => {
                let (slot, ty) = self.name(ast.at, path)?;
                Ok(Typed { node: Node::Slot(slot), ty, codes: (ty == Type::Text).then_some(slot) })
            }
            AstKind::Call(name, arguments) => self.call(ast.at, name, arguments),
            AstKind::Not(operand) => {
                let operand = self.bool(operand, "`!`")?;
                Ok(Typed::bool(match operand {
                    Node::Constant(b) => Node::Constant(f64::from(u8::from(!truth(b)))),
                    other => Node::Not(other.into()),
                }))
            }
            AstKind::Negate(operand) => {
                let operand_checked = self.value(operand)?;
                match operand_checked.ty {
                    Type::Number | Type::Duration => {
                        Ok(Typed::new(operand_checked.ty, unary(Unary::Negate, operand_checked.node)))
                    }
                    ty @ (Type::Bool | Type::Text | Type::Time) => {
                        let help = (ty == Type::Bool).then(|| "write `!x` for the contrary".to_owned());
                        Err(Fault::new(
                            ast.at,
                            format!("`-` takes a number or a duration, found {}", ty.described()),
                        )
                        .maybe_help(help))
                    }
                }
            }
            AstKind::Binary(sign, left, right) => match comparison(sign) {
                Some(compare) => self.compare(ast.at, sign, compare, left, right),
                None => self.arithmetic(ast.at, sign, left, right),
            },
            AstKind::In(left, right) => self.membership(left, right),
            AstKind::All(parts) => Ok(Typed::bool(all(self.bools(parts, "`&&`")?))),
            AstKind::Any(parts) => Ok(Typed::bool(any(self.bools(parts, "`||`")?))),
            AstKind::If(condition, then, other) => self.conditional(ast.at, condition, then, other),
        }
    }

    fn name(&self, at: usize, path: &str) -> Result<(Slot, Type), Fault> {
        if let Some(found) = self.scope.lookup(path) {
            return Ok(found);
        }
        let names = self.scope.names();
        let help = if FUNCTIONS.contains(&path) {
            Some(format!("it is a function, written {path}(…)"))
        } else {
            did_you_mean(path, names.iter().map(String::as_str))
        };
        Err(Fault::new(at, format!("`{path}` is not a name that is known here")).maybe_help(help))
    }

    fn bool(&mut self, ast: &Ast, by: &str) -> Result<Node, Fault> {
        let checked = self.value(ast)?;
        match checked.ty {
            Type::Bool => Ok(checked.node),
            ty @ (Type::Number | Type::Text | Type::Time | Type::Duration) => {
                let help = if ty == Type::Text {
                    "compare it, as in `x == 'word'`"
                } else {
                    "compare it, as in `x > 0`, or test has(x)"
                };
                Err(Fault::new(ast.at, format!("{by} takes a bool, found {}", ty.described())).help(help))
            }
        }
    }

    fn bools(&mut self, parts: &[Ast], by: &str) -> Result<Vec<Node>, Fault> {
        parts.iter().map(|part| self.bool(part, by)).collect()
    }

    fn compare(
        &mut self,
        at: usize,
        sign: &str,
        compare: Compare,
        left: &Ast,
        right: &Ast,
    ) -> Result<Typed, Fault> {
        let (l, r) = match (&left.kind, &right.kind) {
            (AstKind::Text(_), AstKind::Text(_)) => {
                return Err(
                    Fault::new(at, "two texts in quotes are compared").help("compare a name with a text")
                );
            }
            (_, AstKind::Text(text)) => {
                let l = self.value(left)?;
                let r = self.text_constant(&l, right.at, text)?;
                (l, r)
            }
            (AstKind::Text(text), _) => {
                let r = self.value(right)?;
                (self.text_constant(&r, left.at, text)?, r)
            }
            _ => (self.value(left)?, self.value(right)?),
        };
        if l.ty != r.ty {
            let message = format!("`{sign}` compares {} with {}", l.ty.described(), r.ty.described());
            return Err(Fault::new(at, message).maybe_help(mend_pair(l.ty, r.ty)));
        }
        let ordered = !matches!(compare, Compare::Eq | Compare::Ne);
        if ordered && matches!(l.ty, Type::Bool | Type::Text) {
            let message = format!("`{sign}` needs numbers, times or durations, found {}", l.ty.described());
            return Err(Fault::new(at, message).help("compare with `==` or `!=`"));
        }
        self.share_codes(at, &l, &r)?;
        Ok(Typed::bool(match (l.node, r.node) {
            (Node::Constant(a), Node::Constant(b)) => {
                Node::Constant(f64::from(u8::from(compare.apply(a, b))))
            }
            (l, r) => Node::Compare(compare, l.into(), r.into()),
        }))
    }

    fn share_codes(&self, at: usize, l: &Typed, r: &Typed) -> Result<(), Fault> {
        match (l.codes, r.codes) {
            (Some(a), Some(b)) if a != b && !self.scope.texts_share_codes(a, b) => Err(Fault::new(
                at,
                "these two texts are kept in different codes and cannot be compared with each other",
            )
            .help("compare each with a text in quotes")),
            _ => Ok(()),
        }
    }

    /// The code of a text in quotes that stands beside `other`.
    fn text_constant(&mut self, other: &Typed, at: usize, text: &str) -> Result<Typed, Fault> {
        let Some(slot) = other.codes else {
            let shown: String = text.chars().take(40).collect();
            let message = format!("{} is compared with the text '{shown}'", other.ty.described());
            return Err(Fault::new(at, message).maybe_help(match other.ty {
                Type::Time => Some("write timestamp(\"2024-01-31T00:00:00Z\") for a time".into()),
                Type::Duration => Some("write duration(\"90d\") for a length of time".into()),
                Type::Number => Some("leave out the quotes around a number".into()),
                Type::Bool => Some("compare with true or false, without quotes".into()),
                Type::Text => None,
            }));
        };
        match self.scope.text_code(slot, text) {
            Ok(code) => Ok(Typed { node: Node::Constant(code), ty: Type::Text, codes: Some(slot) }),
            Err(words) => {
                let shown: String = text.chars().take(40).collect();
                let help = did_you_mean(text, words.iter().map(String::as_str))
                    .unwrap_or_else(|| format!("it is one of {}", words.join(", ")));
                Err(Fault::new(at, format!("'{shown}' is not a word that can stand here")).help(help))
            }
        }
    }

    fn membership(&mut self, left: &Ast, right: &Ast) -> Result<Typed, Fault> {
        let needle = self.value(left)?;
        let AstKind::List(items) = &right.kind else {
            return Err(Fault::new(right.at, "a list must follow `in`").help("write `x in ['a', 'b']`"));
        };
        if items.is_empty() {
            return Err(Fault::new(right.at, "the list is empty, so nothing is in it")
                .help("write `false` if that is meant"));
        }
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            let value = match &item.kind {
                AstKind::Text(text) => self.text_constant(&needle, item.at, text)?,
                _ => self.value(item)?,
            };
            if value.ty != needle.ty {
                let message =
                    format!("the list after {} holds {}", needle.ty.described(), value.ty.described());
                return Err(Fault::new(item.at, message).maybe_help(mend_pair(needle.ty, value.ty)));
            }
            let Node::Constant(value) = value.node else {
                return Err(Fault::new(item.at, "a list holds constants only")
                    .help("compare names with `==` and `||`"));
            };
            values.push(value);
        }
        Ok(Typed::bool(match needle.node {
            Node::Constant(c) => Node::Constant(f64::from(u8::from(values.contains(&c)))),
            node => Node::In(node.into(), values),
        }))
    }

    fn conditional(&mut self, at: usize, condition: &Ast, then: &Ast, other: &Ast) -> Result<Typed, Fault> {
        let condition = self.bool(condition, "`?`")?;
        let (then, other) = (self.value(then)?, self.value(other)?);
        if then.ty != other.ty {
            let message = format!("`?` chooses between {} and {}", then.ty.described(), other.ty.described());
            return Err(Fault::new(at, message).help("both must be of one type"));
        }
        self.share_codes(at, &then, &other)?;
        let node = match condition {
            Node::Constant(c) if truth(c) => then.node,
            Node::Constant(_) => other.node,
            condition => Node::If(condition.into(), then.node.into(), other.node.into()),
        };
        Ok(Typed { node, ty: then.ty, codes: then.codes })
    }

    fn arithmetic(&mut self, at: usize, sign: &str, left: &Ast, right: &Ast) -> Result<Typed, Fault> {
        use Type::{Duration as D, Number as N, Time as T};
        let (l, r) = (self.value(left)?, self.value(right)?);
        let (operator, ty) = match (sign, l.ty, r.ty) {
            ("+", N, N) => (Binary::Add, N),
            ("+", D, D) => (Binary::Add, D),
            ("+", T, D) | ("+", D, T) => (Binary::Add, T),
            ("-", N, N) => (Binary::Subtract, N),
            ("-", D, D) | ("-", T, T) => (Binary::Subtract, D),
            ("-", T, D) => (Binary::Subtract, T),
            ("*", N, N) => (Binary::Multiply, N),
            ("*", D, N) | ("*", N, D) => (Binary::Multiply, D),
            ("/", N, N) | ("/", D, D) => (Binary::Divide, N),
            ("/", D, N) => (Binary::Divide, D),
            ("%", N, N) => (Binary::Remainder, N),
            _ => {
                let message =
                    format!("`{sign}` cannot be applied to {} and {}", l.ty.described(), r.ty.described());
                return Err(Fault::new(at, message).maybe_help(match (l.ty, r.ty) {
                    (Type::Bool, _) | (_, Type::Bool) => Some("write `x ? 1 : 0` to count a bool".into()),
                    (T | D, N) | (N, T | D) => Some(
                        "write duration(\"3d\") for a length of time, days(x) for a number of days".into(),
                    ),
                    _ => None,
                }));
            }
        };
        Ok(Typed::new(ty, binary(operator, l.node, r.node)))
    }

    fn call(&mut self, at: usize, name: &str, arguments: &[Ast]) -> Result<Typed, Fault> {
        use Type::{Duration as D, Number as N, Time as T};
        let wanted = match name {
            "min" | "max" => 2,
            _ if FUNCTIONS.contains(&name) => 1,
            _ => return Err(unknown_function(at, name)),
        };
        if arguments.len() != wanted {
            let message = format!(
                "`{name}` takes {wanted} argument{}, found {}",
                if wanted == 1 { "" } else { "s" },
                arguments.len()
            );
            return Err(Fault::new(at, message));
        }
        let first = &arguments[0];
        match name {
            "has" => match &first.kind {
                AstKind::Name(path) => Ok(Typed::bool(Node::Has(self.name(first.at, path)?.0))),
                _ => Err(Fault::new(first.at, "`has` takes a name")
                    .help("test each name of an expression by itself")),
            },
            "duration" => {
                let text = quoted(name, first, "duration(\"90d\")")?;
                let value = Duration::parse(text).map_err(|e| Fault::new(first.at, e.to_string()))?;
                Ok(Typed::new(D, Node::Constant(value.0 as f64)))
            }
            "timestamp" => {
                let text = quoted(name, first, "timestamp(\"2024-01-31T00:00:00Z\")")?;
                let value = Timestamp::parse(text).map_err(|e| Fault::new(first.at, e.to_string()))?;
                Ok(Typed::new(T, Node::Constant(value.millis() as f64)))
            }
            "min" | "max" => {
                let operator = if name == "min" { Binary::Min } else { Binary::Max };
                let a = self.argument(name, first, &[N, D, T])?;
                let b = self.argument(name, &arguments[1], &[a.ty])?;
                Ok(Typed::new(a.ty, binary(operator, a.node, b.node)))
            }
            _ => {
                let (function, allowed, result): (_, &[Type], _) = match name {
                    "abs" => (Unary::Abs, &[N, D], None),
                    "floor" => (Unary::Floor, &[N], None),
                    "ln1p" => (Unary::Ln1p, &[N], None),
                    "days" => (Unary::Days, &[D], Some(N)),
                    "hours" => (Unary::Hours, &[D], Some(N)),
                    "hour_of_day" => (Unary::HourOfDay, &[T], Some(N)),
                    "weekday" => (Unary::Weekday, &[T], Some(N)),
                    _ => return Err(unknown_function(at, name)),
                };
                let argument = self.argument(name, first, allowed)?;
                Ok(Typed::new(result.unwrap_or(argument.ty), unary(function, argument.node)))
            }
        }
    }

    fn argument(&mut self, function: &str, ast: &Ast, allowed: &[Type]) -> Result<Typed, Fault> {
        let checked = self.value(ast)?;
        if allowed.contains(&checked.ty) {
            return Ok(checked);
        }
        let kinds: Vec<&str> = allowed.iter().map(|ty| ty.described()).collect();
        let message = format!("`{function}` takes {}, found {}", kinds.join(" or "), checked.ty.described());
        let help = match (function, checked.ty) {
            ("days" | "hours", Type::Time) => Some("subtract another time from it first"),
            ("days" | "hours", Type::Number) => Some("a number has no unit; leave the function out"),
            _ => None,
        };
        Err(Fault::new(ast.at, message).maybe_help(help.map(str::to_owned)))
    }
}

fn quoted<'a>(function: &str, ast: &'a Ast, example: &str) -> Result<&'a str, Fault> {
    match &ast.kind {
        AstKind::Text(text) => Ok(text),
        _ => Err(Fault::new(ast.at, format!("`{function}` takes a text in quotes"))
            .help(format!("as in {example}"))),
    }
}

fn unknown_function(at: usize, name: &str) -> Fault {
    let last = name.rsplit_once('.').map_or(name, |(_, last)| last);
    let instead = INSTEAD.iter().find(|(known, _)| *known == last).map(|(_, help)| (*help).to_owned());
    let help = instead.or_else(|| did_you_mean(name, FUNCTIONS.iter().copied()));
    let help = help.unwrap_or_else(|| format!("the functions are {}", FUNCTIONS.join(", ")));
    Fault::new(at, format!("`{name}` is not a function")).help(help)
}

fn comparison(sign: &str) -> Option<Compare> {
    Some(match sign {
        "==" => Compare::Eq,
        "!=" => Compare::Ne,
        "<" => Compare::Lt,
        "<=" => Compare::Le,
        ">" => Compare::Gt,
        ">=" => Compare::Ge,
        _ => return None,
    })
}

/// How to make a pair of types fit.
fn mend_pair(a: Type, b: Type) -> Option<String> {
    let has = |ty| a == ty || b == ty;
    let help = match () {
        () if has(Type::Duration) && has(Type::Number) => {
            "write duration(\"3d\") for a length of time, or days(x) for a number of days"
        }
        () if has(Type::Duration) && has(Type::Time) => "subtract two times to get a duration",
        () if has(Type::Time) && has(Type::Number) => "write timestamp(\"2024-01-31T00:00:00Z\") for a time",
        () if has(Type::Bool) => "a bool is compared with true or false",
        () if has(Type::Text) => "a text is compared with a text in quotes",
        () => return None,
    };
    Some(help.to_owned())
}

fn unary(function: Unary, a: Node) -> Node {
    match a {
        Node::Constant(a) => Node::Constant(function.apply(a)),
        a => Node::Unary(function, a.into()),
    }
}

fn binary(operator: Binary, a: Node, b: Node) -> Node {
    match (a, b) {
        (Node::Constant(a), Node::Constant(b)) => Node::Constant(operator.apply(a, b)),
        (a, b) => Node::Binary(operator, a.into(), b.into()),
    }
}

/// Drops true parts; false as soon as one part is. One part left keeps its `All`: it turns missing into false.
fn all(parts: Vec<Node>) -> Node {
    let mut left = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Node::Constant(c) if truth(c) => {}
            Node::Constant(_) => return Node::Constant(0.0),
            part => left.push(part),
        }
    }
    if left.is_empty() { Node::Constant(1.0) } else { Node::All(left) }
}

/// Drops false parts; true as soon as one part is.
fn any(parts: Vec<Node>) -> Node {
    let mut left = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Node::Constant(c) if truth(c) => return Node::Constant(1.0),
            Node::Constant(_) => {}
            part => left.push(part),
        }
    }
    if left.is_empty() { Node::Constant(0.0) } else { Node::Any(left) }
}
