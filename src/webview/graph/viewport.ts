import { type Box, MARGIN, startLeft, startZoom } from "./start-view.ts";

const SMALLEST = 0.1;
const LARGEST = 4;
const STEP = 1.2;
const SCROLL_STEP = 60;

/** What decides about zoom and place: the start of the drawing, all of it, or the person. */
type Mode = "start" | "fit" | "own";

interface Drawing {
  readonly svg: SVGSVGElement;
  readonly width: number;
  readonly height: number;
  readonly first: SVGGElement | undefined;
}

/** Zooms and pans a drawing inside a scrolling element; scrolling itself is the browser's. */
export class Viewport {
  readonly #canvas: HTMLElement;
  readonly #onZoom: (zoom: number) => void;
  #drawing: Drawing | undefined;
  #zoom = 1;
  #mode: Mode = "start";
  /** Where it was scrolled to without the person. */
  #placed = { left: 0, top: 0 };

  constructor(canvas: HTMLElement, onZoom: (zoom: number) => void) {
    this.#canvas = canvas;
    this.#onZoom = onZoom;
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.#drag(event));
    canvas.addEventListener("scroll", () => {
      const { left, top } = this.#placed;
      if (Math.abs(canvas.scrollLeft - left) > 1 || Math.abs(canvas.scrollTop - top) > 1) this.#mode = "own";
    });
    // A view opens before it has its room, and gets more or less of it when others open and close.
    new ResizeObserver(() => this.#resized()).observe(canvas);
  }

  /** Takes a new drawing; `keep` leaves zoom and place as they are, `first` is what is looked at first. */
  show(svg: SVGSVGElement, keep: boolean, first?: SVGGElement): void {
    const { width, height } = svg.viewBox.baseVal;
    this.#drawing = { svg, width, height, first };
    if (keep) this.#apply();
    else this.#start();
  }

  /** Moves what is shown by so many pixels of the page. */
  moveBy(left: number, top: number): void {
    this.#canvas.scrollBy({ left, top });
  }

  zoomIn(): void {
    this.#zoomTo(this.#zoom * STEP);
  }

  zoomOut(): void {
    this.#zoomTo(this.#zoom / STEP);
  }

  /** The whole graph, at most in natural size. */
  fit(): void {
    if (this.#drawing === undefined) return;
    this.#mode = "fit";
    const { width, height } = this.#drawing;
    const across = (this.#canvas.clientWidth - MARGIN) / width;
    this.#zoom = Math.max(Math.min(1, across, (this.#canvas.clientHeight - MARGIN) / height), SMALLEST);
    this.#apply();
    this.#toEntry();
  }

  /** As wide as there is room, but legible. */
  #start(): void {
    if (this.#drawing === undefined) return;
    this.#mode = "start";
    const { svg, width } = this.#drawing;
    const fontSize = Number.parseFloat(getComputedStyle(svg).fontSize) || 12;
    this.#zoom = startZoom({ width, fontSize }, this.#canvas.clientWidth);
    this.#apply();
    this.#toEntry();
  }

  /** What the person chose stays; what was chosen for them is chosen anew. */
  #resized(): void {
    if (this.#canvas.clientWidth === 0 || this.#mode === "own") return;
    if (this.#mode === "fit") this.fit();
    else this.#start();
  }

  /** Where not all fits, the start of the graph is what one wants to see, with as much as possible of what is beside it. */
  #toEntry(): void {
    const { svg, first } = this.#drawing ?? {};
    const nodes = [...(svg?.querySelectorAll<SVGGElement>("g.node") ?? [])];
    const start = first ?? nodes[0];
    if (start === undefined) return;
    const canvas = this.#canvas;
    const room = canvas.getBoundingClientRect();
    const boxOf = (element: SVGGElement): Box => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return { x: x - room.x + canvas.scrollLeft, y: y - room.y + canvas.scrollTop, width, height };
    };
    const box = boxOf(start);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const top = first === undefined ? 0 : Math.max(0, box.y + box.height / 2 - height / 2);
    const view = { y: Math.min(top, Math.max(0, canvas.scrollHeight - height)), width, height };
    canvas.scrollTo({ top: view.y, left: startLeft(box, nodes.map(boxOf), view, canvas.scrollWidth) });
    this.#placed = { left: canvas.scrollLeft, top: canvas.scrollTop };
  }

  #zoomTo(zoom: number): void {
    const before = this.#zoom;
    this.#mode = "own";
    this.#zoom = Math.min(LARGEST, Math.max(SMALLEST, zoom));
    const middle = {
      x: this.#canvas.scrollLeft + this.#canvas.clientWidth / 2,
      y: this.#canvas.scrollTop + this.#canvas.clientHeight / 2,
    };
    this.#apply();
    const ratio = this.#zoom / before;
    this.#canvas.scrollTo({
      left: middle.x * ratio - this.#canvas.clientWidth / 2,
      top: middle.y * ratio - this.#canvas.clientHeight / 2,
    });
  }

  #apply(): void {
    if (this.#drawing === undefined) return;
    const { svg, width, height } = this.#drawing;
    svg.style.width = `${width * this.#zoom}px`;
    svg.style.height = `${height * this.#zoom}px`;
    svg.style.maxWidth = "none";
    this.#onZoom(this.#zoom);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const scroll = (left: number, top: number): void => this.#canvas.scrollBy({ left, top });
    const actions: Readonly<Record<string, () => void>> = {
      "+": () => this.zoomIn(),
      "=": () => this.zoomIn(),
      "-": () => this.zoomOut(),
      "0": () => this.fit(),
      ArrowLeft: () => scroll(-SCROLL_STEP, 0),
      ArrowRight: () => scroll(SCROLL_STEP, 0),
      ArrowUp: () => scroll(0, -SCROLL_STEP),
      ArrowDown: () => scroll(0, SCROLL_STEP),
    };
    const action = actions[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  }

  #wheel(event: WheelEvent): void {
    if (!(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (event.deltaY < 0) this.zoomIn();
    else this.zoomOut();
  }

  #drag(start: PointerEvent): void {
    if (start.button !== 0 || (start.target instanceof Element && start.target.closest("g.node"))) return;
    const from = { x: start.clientX, y: start.clientY, left: this.#canvas.scrollLeft, top: this.#canvas.scrollTop };
    const stop = new AbortController();
    this.#canvas.classList.add("dragging");
    this.#canvas.setPointerCapture(start.pointerId);
    const end = (): void => {
      stop.abort();
      this.#canvas.classList.remove("dragging");
    };
    const move = (event: PointerEvent): void => {
      this.#canvas.scrollTo(from.left + from.x - event.clientX, from.top + from.y - event.clientY);
    };
    this.#canvas.addEventListener("pointermove", move, { signal: stop.signal });
    this.#canvas.addEventListener("pointerup", end, { signal: stop.signal });
    this.#canvas.addEventListener("pointercancel", end, { signal: stop.signal });
  }
}
