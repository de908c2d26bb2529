//! How is an expression run? As a flat list of small instructions over one accumulator, chosen when it is loaded.
//!
//! A condition becomes jumps: `a > 3 && b < 5` is two instructions that each read a slot, compare it with a constant
//! and leave for the end where it does not hold. Values that wait for the right side of an operation stand on a
//! stack whose height is known beforehand, so that running allocates nothing and cannot fail.

use crate::check::{Node, check};
use crate::error::ExprError;
use crate::parse::parse;
use crate::scalar::{Binary, Compare, Unary, truth};
use crate::{DEPTH_MAX, Scope, Slot, Type};

/// A checked expression, ready to run.
#[derive(Clone, PartialEq, Debug)]
pub struct Program {
    code: Vec<Instruction>,
    /// Values of the lists after `in`, one list after another.
    lists: Vec<f64>,
    slots: Vec<Slot>,
    /// Highest stack that running needs.
    stack: usize,
}

/// One step; 16 bytes. `acc` is the accumulator.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Instruction {
    /// acc = constant
    Constant(f64),
    /// acc = slot
    Load(Slot),
    /// The accumulator goes onto the stack.
    Push,
    /// acc = f(acc)
    Unary(Unary),
    /// acc = top of stack, taken, ⊕ acc
    Binary(Binary),
    /// acc = acc ⊕ constant
    BinaryConstant(Binary, f64),
    /// acc = acc ⊕ slot
    BinarySlot(Binary, Slot),
    /// Go on at `to` where (slot, constant) compare so.
    JumpIf { compare: Compare, slot: Slot, constant: f64, to: u16 },
    /// Go on at `to` where they do not, or the slot is missing.
    JumpUnless { compare: Compare, slot: Slot, constant: f64, to: u16 },
    /// Go on at `to` where (acc, constant) comparing so equals `on`.
    JumpCompareConstant { compare: Compare, on: bool, constant: f64, to: u16 },
    /// Go on at `to` where (top of stack, taken, acc) comparing so equals `on`.
    JumpCompare { compare: Compare, on: bool, to: u16 },
    /// Go on at `to` where acc being in the list equals `on`.
    JumpIn { on: bool, start: u16, length: u16, to: u16 },
    /// Go on at `to` where the slot having a value equals `on`.
    JumpHas { on: bool, slot: Slot, to: u16 },
    /// Go on at `to`.
    Jump(u16),
    /// The end: the accumulator is the value.
    Return,
    /// The end: the value is this.
    ReturnConstant(f64),
}

impl Program {
    /// Checks `source` against the names of `scope` and compiles it; its value is of type `expected`.
    ///
    /// # Errors
    /// Where the source is not an expression of the subset, names something unknown, mixes types, is of another
    /// type than `expected`, or is beyond a limit of this crate.
    pub fn compile(source: &str, scope: &mut dyn Scope, expected: Type) -> Result<Program, ExprError> {
        let node = parse(source)
            .and_then(|ast| check(&ast, scope, expected))
            .map_err(|fault| fault.locate(source))?;
        Ok(Compiler::default().program(&node, expected))
    }

    /// The slots that running may read: ascending, each once.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Gives every slot the number that `to` says, so that a caller can read the slots of many programs once.
    pub fn renumber(&mut self, to: impl Fn(Slot) -> Slot) {
        for instruction in &mut self.code {
            match instruction {
                Instruction::Load(slot)
                | Instruction::BinarySlot(_, slot)
                | Instruction::JumpIf { slot, .. }
                | Instruction::JumpUnless { slot, .. }
                | Instruction::JumpHas { slot, .. } => *slot = to(*slot),
                Instruction::Constant(_)
                | Instruction::Push
                | Instruction::Unary(_)
                | Instruction::Binary(_)
                | Instruction::BinaryConstant(..)
                | Instruction::JumpCompareConstant { .. }
                | Instruction::JumpCompare { .. }
                | Instruction::JumpIn { .. }
                | Instruction::Jump(_)
                | Instruction::Return
                | Instruction::ReturnConstant(_) => {}
            }
        }
        self.slots.iter_mut().for_each(|slot| *slot = to(*slot));
        self.slots.sort_unstable();
        self.slots.dedup();
    }

    /// The value, where `get` gives the value of each slot; NaN where it is missing.
    #[inline]
    pub fn eval(&self, get: impl Fn(Slot) -> f64) -> f64 {
        // Most filters and rules compare slots with constants and need no stack; clearing one costs time.
        match self.stack {
            0 => self.run::<1>(get),
            1..=8 => self.run::<8>(get),
            _ => self.run::<STACK_MAX>(get),
        }
    }

    /// Whether the value counts as true; a missing one does not.
    #[inline]
    pub fn eval_bool(&self, get: impl Fn(Slot) -> f64) -> bool {
        truth(self.eval(get))
    }

    #[inline]
    fn run<const STACK: usize>(&self, get: impl Fn(Slot) -> f64) -> f64 {
        let mut stack = [0.0; STACK];
        let mut height = 0;
        let mut acc = 0.0;
        let mut at = 0;
        loop {
            let instruction = self.code[at];
            at += 1;
            let (jump, to) = match instruction {
                Instruction::JumpUnless { compare, slot, constant, to } => {
                    (!compare.apply(get(slot), constant), to)
                }
                Instruction::JumpIf { compare, slot, constant, to } => {
                    (compare.apply(get(slot), constant), to)
                }
                Instruction::JumpCompareConstant { compare, on, constant, to } => {
                    (compare.apply(acc, constant) == on, to)
                }
                Instruction::JumpCompare { compare, on, to } => {
                    height -= 1;
                    (compare.apply(stack[height], acc) == on, to)
                }
                Instruction::JumpIn { on, start, length, to } => {
                    let start = usize::from(start);
                    (self.lists[start..start + usize::from(length)].contains(&acc) == on, to)
                }
                Instruction::JumpHas { on, slot, to } => (get(slot).is_nan() != on, to),
                Instruction::Jump(to) => (true, to),
                Instruction::Return => return acc,
                Instruction::ReturnConstant(value) => return value,
                Instruction::Constant(value) => {
                    acc = value;
                    continue;
                }
                Instruction::Load(slot) => {
                    acc = get(slot);
                    continue;
                }
                Instruction::Push => {
                    stack[height] = acc;
                    height += 1;
                    continue;
                }
                Instruction::Unary(function) => {
                    acc = function.apply(acc);
                    continue;
                }
                Instruction::Binary(operator) => {
                    height -= 1;
                    acc = operator.apply(stack[height], acc);
                    continue;
                }
                Instruction::BinaryConstant(operator, constant) => {
                    acc = operator.apply(acc, constant);
                    continue;
                }
                Instruction::BinarySlot(operator, slot) => {
                    acc = operator.apply(acc, get(slot));
                    continue;
                }
            };
            if jump {
                at = usize::from(to);
            }
        }
    }
}

/// Each level of nesting keeps at most one value waiting.
const STACK_MAX: usize = DEPTH_MAX;

/// A place in the code that is not known yet.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Label(usize);

#[derive(Default)]
struct Compiler {
    code: Vec<Instruction>,
    lists: Vec<f64>,
    slots: Vec<Slot>,
    /// Where each label stands, once it does; jumps hold the label's number until the end.
    labels: Vec<usize>,
    height: usize,
    stack: usize,
}

impl Compiler {
    fn program(mut self, node: &Node, expected: Type) -> Program {
        if expected == Type::Bool && is_condition(node) {
            let (yes, no) = (self.label(), self.label());
            self.condition(node, yes, no, yes);
            self.place(yes);
            self.emit(Instruction::ReturnConstant(1.0));
            self.place(no);
            self.emit(Instruction::ReturnConstant(0.0));
        } else {
            self.value(node);
            self.emit(Instruction::Return);
        }
        self.resolve();
        self.slots.sort_unstable();
        self.slots.dedup();
        Program { code: self.code, lists: self.lists, slots: self.slots, stack: self.stack }
    }

    fn label(&mut self) -> Label {
        self.labels.push(usize::MAX);
        Label(self.labels.len() - 1)
    }

    fn place(&mut self, label: Label) {
        self.labels[label.0] = self.code.len();
    }

    fn emit(&mut self, instruction: Instruction) {
        self.code.push(instruction);
    }

    fn read(&mut self, slot: Slot) -> Slot {
        self.slots.push(slot);
        slot
    }

    fn push(&mut self) {
        self.emit(Instruction::Push);
        self.height += 1;
        self.stack = self.stack.max(self.height);
    }

    /// Code that leaves the value of `node` in the accumulator.
    fn value(&mut self, node: &Node) {
        match node {
            Node::Constant(value) => self.emit(Instruction::Constant(*value)),
            Node::Slot(slot) => {
                let slot = self.read(*slot);
                self.emit(Instruction::Load(slot));
            }
            Node::Unary(function, a) => {
                self.value(a);
                self.emit(Instruction::Unary(*function));
            }
            Node::Binary(operator, a, b) => {
                self.value(a);
                match **b {
                    Node::Constant(constant) => self.emit(Instruction::BinaryConstant(*operator, constant)),
                    Node::Slot(slot) => {
                        let slot = self.read(slot);
                        self.emit(Instruction::BinarySlot(*operator, slot));
                    }
                    _ => {
                        self.push();
                        self.value(b);
                        self.height -= 1;
                        self.emit(Instruction::Binary(*operator));
                    }
                }
            }
            Node::If(condition, then, other) => {
                let (yes, no, end) = (self.label(), self.label(), self.label());
                self.condition(condition, yes, no, yes);
                self.place(yes);
                self.value(then);
                self.emit(Instruction::Jump(number(end)));
                self.place(no);
                self.value(other);
                self.place(end);
            }
            Node::Has(_) | Node::Not(_) | Node::Compare(..) | Node::In(..) | Node::All(_) | Node::Any(_) => {
                let (yes, no, end) = (self.label(), self.label(), self.label());
                self.condition(node, yes, no, yes);
                self.place(yes);
                self.emit(Instruction::Constant(1.0));
                self.emit(Instruction::Jump(number(end)));
                self.place(no);
                self.emit(Instruction::Constant(0.0));
                self.place(end);
            }
        }
    }

    /// Code that goes on at `yes` where `node` is true and at `no` otherwise; `next` is the one that follows the code.
    fn condition(&mut self, node: &Node, yes: Label, no: Label, next: Label) {
        let (on, to) = if next == yes { (false, number(no)) } else { (true, number(yes)) };
        match node {
            Node::Constant(value) => {
                let target = if truth(*value) { yes } else { no };
                if target != next {
                    self.emit(Instruction::Jump(number(target)));
                }
            }
            Node::Slot(slot) => self.slot_condition(Compare::Gt, *slot, 0.0, on, to),
            Node::Has(slot) => {
                let slot = self.read(*slot);
                self.emit(Instruction::JumpHas { on, slot, to });
            }
            Node::Not(inner) => self.condition(inner, no, yes, next),
            Node::Compare(compare, a, b) => self.comparison(*compare, a, b, on, to),
            Node::In(a, values) => {
                self.value(a);
                let start = self.lists.len() as u16;
                self.lists.extend_from_slice(values);
                self.emit(Instruction::JumpIn { on, start, length: values.len() as u16, to });
            }
            Node::All(parts) => {
                self.parts(parts, yes, no, next, |c, part, after| c.condition(part, after, no, after));
            }
            Node::Any(parts) => {
                self.parts(parts, yes, no, next, |c, part, after| c.condition(part, yes, after, after));
            }
            Node::Unary(..) | Node::Binary(..) | Node::If(..) => {
                self.value(node);
                self.emit(Instruction::JumpCompareConstant { compare: Compare::Gt, on, constant: 0.0, to });
            }
        }
    }

    /// All parts but the last through `early`, which goes on at the label that it is given; the last as the whole.
    fn parts(
        &mut self,
        parts: &[Node],
        yes: Label,
        no: Label,
        next: Label,
        early: impl Fn(&mut Self, &Node, Label),
    ) {
        let (last, first) = parts.split_last().expect("a conjunction or disjunction has at least one part");
        for part in first {
            let after = self.label();
            early(self, part, after);
            self.place(after);
        }
        self.condition(last, yes, no, next);
    }

    fn comparison(&mut self, compare: Compare, a: &Node, b: &Node, on: bool, to: u16) {
        match (a, b) {
            (Node::Slot(slot), Node::Constant(constant)) => {
                self.slot_condition(compare, *slot, *constant, on, to);
            }
            (Node::Constant(constant), Node::Slot(slot)) => {
                self.slot_condition(compare.mirrored(), *slot, *constant, on, to);
            }
            (a, Node::Constant(constant)) => {
                self.value(a);
                self.emit(Instruction::JumpCompareConstant { compare, on, constant: *constant, to });
            }
            (Node::Constant(constant), b) => {
                self.value(b);
                self.emit(Instruction::JumpCompareConstant {
                    compare: compare.mirrored(),
                    on,
                    constant: *constant,
                    to,
                });
            }
            (a, b) => {
                self.value(a);
                self.push();
                self.value(b);
                self.height -= 1;
                self.emit(Instruction::JumpCompare { compare, on, to });
            }
        }
    }

    fn slot_condition(&mut self, compare: Compare, slot: Slot, constant: f64, on: bool, to: u16) {
        let slot = self.read(slot);
        self.emit(if on {
            Instruction::JumpIf { compare, slot, constant, to }
        } else {
            Instruction::JumpUnless { compare, slot, constant, to }
        });
    }

    /// Puts places into the jumps, which hold labels.
    fn resolve(&mut self) {
        for instruction in &mut self.code {
            match instruction {
                Instruction::JumpIf { to, .. }
                | Instruction::JumpUnless { to, .. }
                | Instruction::JumpCompareConstant { to, .. }
                | Instruction::JumpCompare { to, .. }
                | Instruction::JumpIn { to, .. }
                | Instruction::JumpHas { to, .. }
                | Instruction::Jump(to) => *to = self.labels[usize::from(*to)] as u16,
                Instruction::Constant(_)
                | Instruction::Load(_)
                | Instruction::Push
                | Instruction::Unary(_)
                | Instruction::Binary(_)
                | Instruction::BinaryConstant(..)
                | Instruction::BinarySlot(..)
                | Instruction::Return
                | Instruction::ReturnConstant(_) => {}
            }
        }
    }
}

/// A label's number as a jump holds it: an expression has at most four labels a node, far below 2^16.
fn number(label: Label) -> u16 {
    label.0 as u16
}

/// Whether a node is never missing, so that the jumps of its condition end the program by themselves.
fn is_condition(node: &Node) -> bool {
    match node {
        Node::Has(_) | Node::Not(_) | Node::Compare(..) | Node::In(..) | Node::All(_) | Node::Any(_) => true,
        Node::Constant(_) | Node::Slot(_) | Node::Unary(..) | Node::Binary(..) | Node::If(..) => false,
    }
}
