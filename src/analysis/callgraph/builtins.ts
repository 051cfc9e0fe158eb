/** Names that need no import (`dir(builtins)` of CPython 3.14, exceptions told by their endings). */
const BUILTINS: ReadonlySet<string> = new Set(
  `BaseException BaseExceptionGroup Exception ExceptionGroup GeneratorExit KeyboardInterrupt StopAsyncIteration
   StopIteration SystemExit __build_class__ __import__ abs aiter all anext any ascii bin bool breakpoint bytearray
   bytes callable chr classmethod compile complex copyright credits delattr dict dir divmod enumerate eval exec exit
   filter float format frozenset getattr globals hasattr hash help hex id input int isinstance issubclass iter len
   license list locals map max memoryview min next object oct open ord pow print property quit range repr reversed
   round set setattr slice sorted staticmethod str sum super tuple type vars zip`.split(/\s+/u),
);

export function isBuiltin(name: string): boolean {
  return BUILTINS.has(name) || /^[A-Z][A-Za-z]+(?:Error|Warning)$/.test(name);
}
