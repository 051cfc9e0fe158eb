import { describe, expect, it } from "vitest";
import { exceptionEdges, graphOf, normalEdges } from "./testing/graph-text.ts";

/** Name, body of `def f(a, b, c)`, edges without exceptions, exception edges. All agree with the bytecode of CPython 3.11. */
type Construct = readonly [string, string, string, string];

const CONSTRUCTS: readonly Construct[] = [
  ["pass", "pass", "2 > out; in > 2", ""],
  ["empty return", "return", "2 return> out; in > 2", ""],
  ["return a value", "return a", "2 return> out; in > 2", "2 !> raise"],
  ["docstring alone", "'text'", "2 > out; in > 2", ""],
  ["semicolons", "a(); b(); c()", "2,2,2 > out; in > 2,2,2", "2,2,2 !> raise"],
  ["statement over lines", "x = a(\n  b,\n  c)\nreturn x", "2,5 return> out; in > 2,5", "2,5 !> raise"],
  ["global and nonlocal", "global g\ng = a", "2,3 > out; in > 2,3", "2,3 !> raise"],
  ["delete", "del a", "2 > out; in > 2", "2 !> raise"],
  ["import", "import os\nfrom sys import path", "2,3 > out; in > 2,3", "2,3 !> raise"],
  ["annotated assignment", "x: int = a\ny: int", "2,3 > out; in > 2,3", "2,3 !> raise"],
  ["augmented assignment", "a += b", "2 > out; in > 2", "2 !> raise"],
  ["chained assignment", "x = y = a", "2 > out; in > 2", "2 !> raise"],
  ["starred assignment", "x, *y = a", "2 > out; in > 2", "2 !> raise"],
  [
    "walrus in a condition",
    "if (n := a()) > 1:\n  return n",
    "2 false> out; 2 true> 3; 3 return> out; in > 2",
    "2 !> raise; 3 !> raise",
  ],
  [
    "walrus in a loop",
    "while x := a():\n  b(x)",
    "2 false> out; 2 true> 3; 3 loop-back> 2; in > 2",
    "2 !> raise; 3 !> raise",
  ],
  ["conditional expression", "x = a if b else c", "2 > out; in > 2", "2 !> raise"],
  ["boolean operators", "x = a and b or c", "2 > out; in > 2", "2 !> raise"],
  ["chained comparison", "if a < b < c:\n  return 1", "2 false> out; 2 true> 3; 3 return> out; in > 2", "2 !> raise"],
  ["lambda", "x = lambda y: y or a\nreturn x", "2,3 return> out; in > 2,3", "2,3 !> raise"],
  ["list comprehension", "return [x for x in a if x]", "2 return> out; in > 2", "2 !> raise"],
  ["nested function", "@a\ndef g(x=b):\n  return c\nreturn g", "3,5 return> out; in > 3,5", "3,5 !> raise"],
  ["nested class", "class C(a):\n  x = b\nreturn C", "2,4 return> out; in > 2,4", "2,4 !> raise"],
  ["yield", "x = yield a\nyield x", "2,3 > out; in > 2,3", "2,3 !> raise"],
  ["yield from", "return (yield from a)", "2 return> out; in > 2", "2 !> raise"],
  [
    "if not",
    "if not a:\n  return b\nc()",
    "2 false> 4; 2 true> 3; 3 return> out; 4 > out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise",
  ],
  [
    "nested if",
    "if a:\n  if b:\n    return c\nreturn a",
    "2 false> 5; 2 true> 3; 3 false> 5; 3 true> 4; 4 return> out; 5 return> out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise; 5 !> raise",
  ],
  [
    "if with return in both arms",
    "if a:\n  return b\nelse:\n  return c",
    "2 false> 5; 2 true> 3; 3 return> out; 5 return> out; in > 2",
    "2 !> raise; 3 !> raise; 5 !> raise",
  ],
  [
    "while with break",
    "while a:\n  if b:\n    break\nreturn c",
    "2 false> 5; 2 true> 3; 3 false> 2; 3 true> 4; 4 break> 5; 5 return> out; in > 2",
    "2 !> raise; 3 !> raise; 5 !> raise",
  ],
  [
    "while with continue",
    "while a:\n  if b:\n    continue\n  c()",
    "2 false> out; 2 true> 3; 3 false> 5; 3 true> 4; 4 continue> 2; 5 loop-back> 2; in > 2",
    "2 !> raise; 3 !> raise; 5 !> raise",
  ],
  [
    "while else left by break",
    "while a:\n  break\nelse:\n  b()\nc()",
    "2 false> 5; 2 true> 3; 3 break> 6; 5 > 6; 6 > out; in > 2",
    "2 !> raise; 5 !> raise; 6 !> raise",
  ],
  [
    "while True with return",
    "while True:\n  if a():\n    return b",
    "2 true> 3; 3 false> 2; 3 true> 4; 4 return> out; in > 2",
    "3 !> raise; 4 !> raise",
  ],
  [
    "while True with else",
    "while True:\n  if a: break\nelse:\n  b()\nc()",
    "2 true> 3; 3 false> 2; 3 true> 3'; 3' break> 6; 5 > 6; 6 > out; in > 2",
    "3 !> raise; 5 !> raise; 6 !> raise",
  ],
  ["while False", "while 0:\n  a()\nb()", "2 false> 4; 3 loop-back> 2; 4 > out; in > 2", "3 !> raise; 4 !> raise"],
  ["while not False", "while not 0:\n  a()", "2 true> 3; 3 loop-back> 2; in > 2", "3 !> raise"],
  [
    "nested loops with break",
    "for x in a:\n  for y in b:\n    break\n  c()",
    "2 false> out; 2 true> 3; 3 false> 5; 3 true> 4; 4 break> 5; 5 loop-back> 2; in > 2",
    "2 !> raise; 3 !> raise; 5 !> raise",
  ],
  [
    "for with continue at the end",
    "for x in a:\n  if x: continue",
    "2 false> out; 2 true> 3; 3 false> 2; 3 true> 3'; 3' continue> 2; in > 2",
    "2 !> raise; 3 !> raise",
  ],
  [
    "for with return",
    "for x in a:\n  return x\nreturn b",
    "2 false> 4; 2 true> 3; 3 return> out; 4 return> out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise",
  ],
  [
    "for with tuple target",
    "for x, (y, *z) in a:\n  b(x)",
    "2 false> out; 2 true> 3; 3 loop-back> 2; in > 2",
    "2 !> raise; 3 !> raise",
  ],
  [
    "continue in the else of an inner loop binds to the outer one",
    "for x in a:\n  while b:\n    c()\n  else:\n    continue\n  a()",
    "2 false> out; 2 true> 3; 3 false> 6; 3 true> 4; 4 loop-back> 3; 6 continue> 2; 7 loop-back> 2; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise; 7 !> raise",
  ],
  [
    "break in the else of a while binds to the outer loop",
    "for x in a:\n  while b: c()\n  else:\n    break\nreturn c",
    "2 false> 6; 2 true> 3; 3 false> 5; 3 true> 3'; 3' loop-back> 3; 5 break> 6; 6 return> out; in > 2",
    "2 !> raise; 3 !> raise; 3' !> raise; 6 !> raise",
  ],
  ["raise from", "raise ValueError(a) from b", "in > 2", "2 !> raise; 2 !ValueError> raise"],
  ["bare raise", "try:\n  a()\nexcept:\n  raise", "2 > 3; 3 > out; 4 true> 5; in > 2", "3 !> 4; 5 !re-raise> raise"],
  [
    "raise in else",
    "if a:\n  b()\nelse:\n  raise c",
    "2 false> 5; 2 true> 3; 3 > out; in > 2",
    "2 !> raise; 3 !> raise; 5 !> raise; 5 !c> raise",
  ],
  [
    "assert with message",
    "assert a, b\nreturn c",
    "2,3 return> out; in > 2,3",
    "2,3 !> raise; 2,3 !AssertionError> raise",
  ],
  ["assert True", "assert True\na()", "2,3 > out; in > 2,3", "2,3 !> raise"],
  [
    "try except",
    "try:\n  a()\nexcept KeyError:\n  b()\nc()",
    "2 > 3; 3 > 6; 4 true> 5; 5 > 6; 6 > out; in > 2",
    "3 !> 4; 4 !> raise; 4 !no match> raise; 5 !> raise; 6 !> raise",
  ],
  [
    "try bare except",
    "try:\n  a()\nexcept:\n  b()",
    "2 > 3; 3 > out; 4 true> 5; 5 > out; in > 2",
    "3 !> 4; 5 !> raise",
  ],
  [
    "try with a tuple of classes",
    "try:\n  a()\nexcept (KeyError, OSError):\n  b()",
    "2 > 3; 3 > out; 4 true> 5; 5 > out; in > 2",
    "3 !> 4; 4 !> raise; 4 !no match> raise; 5 !> raise",
  ],
  [
    "try except as",
    "try:\n  a()\nexcept KeyError as e:\n  b(e)",
    "2 > 3; 3 > out; 4 true> 5; 5 > out; in > 2",
    "3 !> 4; 4 !> raise; 4 !no match> raise; 5 !> raise",
  ],
  [
    "several clauses",
    "try:\n  a()\nexcept KeyError:\n  b()\nexcept OSError:\n  c()\nexcept Exception:\n  pass",
    "2 > 3; 3 > out; 4 false> 6; 4 true> 5; 5 > out; 6 false> 8; 6 true> 7; 7 > out; 8 true> 9; 9 > out; in > 2",
    "3 !> 4; 4 !> raise; 5 !> raise; 6 !> raise; 7 !> raise; 8 !> raise; 8 !no match> raise",
  ],
  [
    "return in a handler",
    "try:\n  a()\nexcept KeyError:\n  return b\nreturn c",
    "2 > 3; 3 > 6; 4 true> 5; 5 return> out; 6 return> out; in > 2",
    "3 !> 4; 4 !> raise; 4 !no match> raise; 5 !> raise; 6 !> raise",
  ],
  [
    "return in a named handler",
    "try:\n  a()\nexcept KeyError as e:\n  return 1\nreturn c",
    "2 > 3; 3 > 6; 4 true> 5; 5 return> out; 6 return> out; in > 2",
    "3 !> 4; 4 !> raise; 4 !no match> raise; 5 !> raise; 6 !> raise",
  ],
  [
    "nested try",
    "try:\n  try:\n    a()\n  except KeyError:\n    b()\nexcept OSError:\n  c()",
    "2 > 3; 3 > 4; 4 > out; 5 true> 6; 6 > out; 7 true> 8; 8 > out; in > 2",
    "4 !> 5; 5 !> 7; 5 !no match> 7; 6 !> 7; 7 !> raise; 7 !no match> raise; 8 !> raise",
  ],
  [
    "raise in a handler",
    "try:\n  a()\nexcept KeyError as e:\n  raise OSError from e",
    "2 > 3; 3 > out; 4 true> 5; in > 2",
    "3 !> 4; 4 !> raise; 4 !no match> raise; 5 !> raise; 5 !OSError> raise",
  ],
  [
    "try in a loop with break",
    "while a:\n  try:\n    b()\n    break\n  except KeyError:\n    continue",
    "2 false> out; 2 true> 3; 3 > 4,5; 4,5 break> out; 6 true> 7; 7 continue> 2; in > 2",
    "2 !> raise; 4,5 !> 6; 6 !> raise; 6 !no match> raise",
  ],
  [
    "try else with return",
    "try:\n  a()\nexcept KeyError:\n  b()\nelse:\n  return c\na()",
    "2 > 3; 3 > 7; 4 true> 5; 5 > 8; 7 return> out; 8 > out; in > 2",
    "3 !> 4; 4 !> raise; 4 !no match> raise; 5 !> raise; 7 !> raise; 8 !> raise",
  ],
  [
    "try finally",
    "try:\n  a()\nfinally:\n  b()\nc()",
    "2 > 3; 3 > F5; 5 > 6; 6 > out; F5 > 5; F5' > 5'; in > 2",
    "3 !> F5'; 5 !> raise; 5' !> raise; 5' !re-raise> raise; 6 !> raise",
  ],
  [
    "try except finally",
    "try:\n  a()\nexcept KeyError:\n  b()\nfinally:\n  c()",
    "2 > 3; 3 > F7; 4 true> 5; 5 > F7; 7 > out; F7 > 7; F7' > 7'; in > 2",
    "3 !> 4; 3 !> F7'; 4 !> F7'; 4 !no match> F7'; 5 !> F7'; 7 !> raise; 7' !> raise; 7' !re-raise> raise",
  ],
  [
    "try except else finally",
    "try:\n  a()\nexcept KeyError:\n  b()\nelse:\n  c()\nfinally:\n  a()",
    "2 > 3; 3 > 7; 4 true> 5; 5 > F9; 7 > F9; 9 > out; F9 > 9; F9' > 9'; in > 2",
    "3 !> 4; 3 !> F9'; 4 !> F9'; 4 !no match> F9'; 5 !> F9'; 7 !> F9'; 9 !> raise; 9' !> raise; 9' !re-raise> raise",
  ],
  [
    "return through finally",
    "try:\n  return a()\nfinally:\n  b()",
    "2 > 3; 3 return> F5'; 5' return> out; F5 > 5; F5' > 5'; in > 2",
    "3 !> F5; 5 !> raise; 5 !re-raise> raise; 5' !> raise",
  ],
  [
    "break through finally",
    "for x in a:\n  try:\n    break\n  finally:\n    b()",
    "2 false> out; 2 true> 3; 3 > 4; 4 break> F6'; 6' break> out; F6 > 6; F6' > 6'; in > 2",
    "2 !> raise; 4 !> F6; 6 !> raise; 6 !re-raise> raise; 6' !> raise",
  ],
  [
    "continue through finally",
    "for x in a:\n  try:\n    continue\n  finally:\n    b()",
    "2 false> out; 2 true> 3; 3 > 4; 4 continue> F6'; 6' continue> 2; F6 > 6; F6' > 6'; in > 2",
    "2 !> raise; 4 !> F6; 6 !> raise; 6 !re-raise> raise; 6' !> raise",
  ],
  [
    "raise through finally",
    "try:\n  raise KeyError\nfinally:\n  b()",
    "2 > 3; F5 > 5; in > 2",
    "3 !> F5; 3 !KeyError> F5; 5 !> raise; 5 !re-raise> raise",
  ],
  [
    "break in finally",
    "for x in a:\n  try:\n    b()\n  finally:\n    break",
    "2 false> out; 2 true> 3; 3 > 4; 4 > F6; 6 break> out; 6' break> out; F6 > 6; F6' > 6'; in > 2",
    "2 !> raise; 4 !> F6'; 6' !> raise",
  ],
  [
    "continue in finally",
    "for x in a:\n  try:\n    b()\n  finally:\n    continue",
    "2 false> out; 2 true> 3; 3 > 4; 4 > F6; 6 continue> 2; 6' continue> 2; F6 > 6; F6' > 6'; in > 2",
    "2 !> raise; 4 !> F6'; 6' !> raise",
  ],
  [
    "finally of several statements",
    "try:\n  a()\nfinally:\n  b()\n  c = 1",
    "2 > 3; 3 > F5; 5,6 > out; F5 > 5,6; F5' > 5,6'; in > 2",
    "3 !> F5'; 5,6 !> raise; 5,6' !> F6; 5,6' !re-raise> F6; F6 !re-raise> raise",
  ],
  [
    "if in finally",
    "try:\n  a()\nfinally:\n  if b:\n    c = 1",
    "2 > 3; 3 > F5; 5 false> out; 5 true> 6; 5' true> 6'; 6 > out; F5 > 5; F5' > 5'; in > 2",
    "3 !> F5'; 5 !> raise; 5' !> F6; 5' !false, re-raise> F6; 6' !> F6; 6' !re-raise> F6; F6 !re-raise> raise",
  ],
  [
    "loop in finally",
    "try:\n  a()\nfinally:\n  for x in b:\n    c()",
    "2 > 3; 3 > F5; 5 false> out; 5 true> 6; 5' true> 6'; 6 loop-back> 5; 6' loop-back> 5'; F5 > 5; F5' > 5'; in > 2",
    "3 !> F5'; 5 !> raise; 5' !> raise; 5' !false, re-raise> raise; 6 !> raise; 6' !> raise",
  ],
  [
    "return in a handler through finally",
    "try:\n  a()\nexcept KeyError:\n  return 1\nfinally:\n  b()\nc()",
    "2 > 3; 3 > F7; 4 true> 5; 5 return> F7''; 7 > 8; 7'' return> out; 8 > out; F7 > 7; F7' > 7'; F7'' > 7''; in > 2",
    "3 !> 4; 3 !> F7'; 4 !> F7'; 4 !no match> F7'; 5 !> F7'; 7 !> raise; 7' !> raise; 7' !re-raise> raise; 7'' !> raise; 8 !> raise",
  ],
  [
    "with as a tuple",
    "with a as (x, y):\n  b()",
    "2 > 3; 3 > W2; W2 > out; W2' > out; in > 2",
    "2 !> W2'; 2 !> raise; 3 !> W2'; W2 !> raise; W2' !> raise; W2' !re-raise> raise",
  ],
  [
    "with of several items",
    "with a as x, b as y:\n  c()",
    "2 > 3; 3 > W2; W2 > out; W2' > out; in > 2",
    "2 !> W2'; 2 !> raise; 3 !> W2'; W2 !> raise; W2' !> raise; W2' !re-raise> raise",
  ],
  [
    "nested with",
    "with a:\n  with b:\n    c()",
    "2 > 3; 3 > 4; 4 > W3; W2 > out; W2' > out; W3 > W2; W3' > W2; in > 2",
    "2 !> raise; 3 !> W2'; 4 !> W3'; W2 !> raise; W2' !> raise; W2' !re-raise> raise; W3 !> W2'; W3' !> W2'; W3' !re-raise> W2'",
  ],
  [
    "return in with",
    "with a:\n  return b",
    "2 > 3; 3 return> W2'; W2 > out; W2' return> out; in > 2",
    "2 !> raise; 3 !> W2; W2 !> raise; W2 !re-raise> raise; W2' !> raise",
  ],
  [
    "break in with",
    "for x in a:\n  with b:\n    break",
    "2 false> out; 2 true> 3; 3 > 4; 4 break> W3'; W3 loop-back> 2; W3' break> out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> W3; W3 !> raise; W3 !re-raise> raise; W3' !> raise",
  ],
  [
    "raise in with",
    "with a:\n  raise KeyError",
    "2 > 3; W2 > out; in > 2",
    "2 !> raise; 3 !> W2; 3 !KeyError> W2; W2 !> raise; W2 !re-raise> raise",
  ],
  [
    "with in try",
    "try:\n  with a:\n    b()\nexcept KeyError:\n  c()",
    "2 > 3; 3 > 4; 4 > W3; 5 true> 6; 6 > out; W3 > out; W3' > out; in > 2",
    "3 !> 5; 4 !> W3'; 5 !> raise; 5 !no match> raise; 6 !> raise; W3 !> 5; W3' !> 5; W3' !re-raise> 5",
  ],
  [
    "try in with",
    "with a:\n  try:\n    b()\n  except KeyError:\n    c()",
    "2 > 3; 3 > 4; 4 > W2; 5 true> 6; 6 > W2; W2 > out; W2' > out; in > 2",
    "2 !> raise; 3 !> W2'; 4 !> 5; 4 !> W2'; 5 !> W2'; 5 !no match> W2'; 6 !> W2'; W2 !> raise; W2' !> raise; W2' !re-raise> raise",
  ],
  [
    "with in finally",
    "try:\n  a()\nfinally:\n  with b:\n    c()",
    "2 > 3; 3 > F5; 5 > 6; 5' > 6'; 6 > W5; 6' > W5''; F5 > 5; F5' > 5'; W5 > out; W5' > out; in > 2",
    "3 !> F5'; 5 !> raise; 5' !> raise; 6 !> W5'; 6' !> W5'''; W5 !> raise; W5' !> raise; W5' !re-raise> raise; W5'' !> raise; W5'' !re-raise> raise; W5''' !> raise; W5''' !re-raise> raise; W5''' !re-raise> raise",
  ],
  [
    "match of one wildcard",
    "match a:\n  case _:\n    b()\nc()",
    "2 > 3; 3 case> 4; 4 > 5; 5 > out; in > 2",
    "2 !> raise; 4 !> raise; 5 !> raise",
  ],
  [
    "match with or-pattern",
    "match a:\n  case 1 | 2:\n    b()\n  case _:\n    c()",
    "2 > 3; 3 case> 4; 3 false> 5; 4 > out; 5 case> 6; 6 > out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise; 6 !> raise",
  ],
  [
    "match with return",
    "match a:\n  case 1:\n    return b\n  case _:\n    return c",
    "2 > 3; 3 case> 4; 3 false> 5; 4 return> out; 5 case> 6; 6 return> out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise; 6 !> raise",
  ],
  [
    "match mapping and class",
    "match a:\n  case {'k': v, **r}:\n    b(v)\n  case int(x):\n    c(x)",
    "2 > 3; 3 case> 4; 3 false> 5; 4 > out; 5 case> 6; 5 false> out; 6 > out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise; 5 !> raise; 6 !> raise",
  ],
  [
    "match as",
    "match a:\n  case [x] as y:\n    b(y)\n  case z:\n    c(z)",
    "2 > 3; 3 case> 4; 3 false> 5; 4 > out; 5 case> 6; 6 > out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise; 6 !> raise",
  ],
  [
    "match in a loop with break",
    "for x in a:\n  match x:\n    case 1:\n      break\n    case 2:\n      continue\n  b()",
    "2 false> out; 2 true> 3; 3 > 4; 4 case> 5; 4 false> 6; 5 break> out; 6 case> 7; 6 false> 8; 7 continue> 2; 8 loop-back> 2; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise; 6 !> raise; 8 !> raise",
  ],
  [
    "guard that parts",
    "match a:\n  case x if x and b:\n    return c",
    "2 > 3; 3 case> 4; 3 false> out; 4 return> out; in > 2",
    "2 !> raise; 3 !> raise; 4 !> raise",
  ],
  [
    "except star named",
    "try:\n  a()\nexcept* KeyError as e:\n  b(e)\nc()",
    "2 > 3; 3 > 6; 4 false> rest; 4 true> 5; 5 > rest; 6 > out; in > 2; rest > 6",
    "3 !> 4; 4 !> raise; 5 !> raise; 5 !> rest; 6 !> raise; rest !re-raise> raise",
  ],
  [
    "except star with else and finally",
    "try:\n  a()\nexcept* KeyError:\n  b()\nelse:\n  c()\nfinally:\n  a()",
    "2 > 3; 3 > 7; 4 false> rest; 4 true> 5; 5 > rest; 7 > F9; 9 > out; F9 > 9; F9' > 9'; in > 2; rest > F9",
    "3 !> 4; 3 !> F9'; 4 !> F9'; 5 !> rest; 7 !> F9'; 9 !> raise; 9' !> raise; 9' !re-raise> raise; rest !re-raise> F9'",
  ],
  [
    "except star that raises",
    "try:\n  a()\nexcept* KeyError:\n  raise OSError\nreturn b",
    "2 > 3; 3 > 6; 4 false> rest; 4 true> 5; 6 return> out; in > 2; rest > 6",
    "3 !> 4; 4 !> raise; 5 !> rest; 5 !OSError> rest; 6 !> raise; rest !re-raise> raise",
  ],
  ["code after raise", "raise a\nb()", "3 > out; in > 2", "2 !> raise; 2 !a> raise; 3 !> raise"],
  [
    "code after continue",
    "for x in a:\n  continue\n  b()",
    "2 false> out; 2 true> 3; 3 continue> 2; 4 loop-back> 2; in > 2",
    "2 !> raise; 4 !> raise",
  ],
  ["if __debug__", "if __debug__:\n  a()\nb()", "2 true> 3; 3 > 4; 4 > out; in > 2", "3 !> raise; 4 !> raise"],
  [
    "exit",
    "if a:\n  exit()\nb()",
    "2 false> 4; 2 true> 3; 4 > out; in > 2",
    "2 !> raise; 3 !> raise; 3 !SystemExit> raise; 4 !> raise",
  ],
];

/** In `async def f(a, b, c)`. */
const ASYNC_CONSTRUCTS: readonly Construct[] = [
  [
    "async for",
    "async for x in a:\n  b(x)",
    "2 false> out; 2 true> 3; 3 loop-back> 2; in > 2",
    "2 !> raise; 3 !> raise",
  ],
  [
    "async for with break and else",
    "async for x in a:\n  if x: break\nelse:\n  b()\nc()",
    "2 false> 5; 2 true> 3; 3 false> 2; 3 true> 3'; 3' break> 6; 5 > 6; 6 > out; in > 2",
    "2 !> raise; 3 !> raise; 5 !> raise; 6 !> raise",
  ],
  [
    "async with",
    "async with a as x:\n  await b(x)",
    "2 > 3; 3 > W2; W2 > out; W2' > out; in > 2",
    "2 !> raise; 3 !> W2'; W2 !> raise; W2' !> raise; W2' !re-raise> raise",
  ],
  [
    "async with, return",
    "async with a:\n  return await b",
    "2 > 3; 3 return> W2'; W2 > out; W2' return> out; in > 2",
    "2 !> raise; 3 !> W2; W2 !> raise; W2 !re-raise> raise; W2' !> raise",
  ],
  [
    "await in try",
    "try:\n  await a\nexcept KeyError:\n  await b\nfinally:\n  await c",
    "2 > 3; 3 > F7; 4 true> 5; 5 > F7; 7 > out; F7 > 7; F7' > 7'; in > 2",
    "3 !> 4; 3 !> F7'; 4 !> F7'; 4 !no match> F7'; 5 !> F7'; 7 !> raise; 7' !> raise; 7' !re-raise> raise",
  ],
  ["async comprehension", "return [x async for x in a]", "2 return> out; in > 2", "2 !> raise"],
];

describe("one construct each", () => {
  it.each(CONSTRUCTS)("%s", (_name, body, normal, exceptions) => {
    const graph = graphOf(body);
    expect(normalEdges(graph)).toBe(normal);
    expect(exceptionEdges(graph)).toBe(exceptions);
  });

  it.each(ASYNC_CONSTRUCTS)("%s", (_name, body, normal, exceptions) => {
    const graph = graphOf(body, "async def f(a, b, c):");
    expect(normalEdges(graph)).toBe(normal);
    expect(exceptionEdges(graph)).toBe(exceptions);
  });
});
