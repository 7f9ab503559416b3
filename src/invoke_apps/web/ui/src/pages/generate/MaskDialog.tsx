import { Alert, Button, FileButton, Group, Modal, SegmentedControl, Slider, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";

import { DialogEnd } from "../../components/DialogEnd";
import { fullOf } from "../../components/picture";
import { Refusal } from "../../components/Refusal";
import { texts } from "../../texts";
import { generate as generateTexts } from "../../texts/generate";
import { uploaded } from "./uploaded";

/** How high what is painted on may be: all of the dialog is seen at once where the window allows it. */
const PAPER = "max(12rem, min(60vh, 100dvh - 26rem))";
const words = generateTexts.mask;
const RED_GREEN_BLUE = [240, 62, 62] as const; // it shows on most pictures
const PAINT = `rgb(${RED_GREEN_BLUE.join(" ")})`;

interface Props {
  /** The starting image's name, and that of the mask that there is. */
  name: string;
  mask: string | null;
  onMask(name: string): void;
  onClose(): void;
}

interface Point {
  x: number;
  y: number;
}

function loaded(source: string): Promise<HTMLImageElement> {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error(words.unreadable));
    image.src = source;
  });
}

/** Let paint stand where a mask is light. */
function fill(canvas: HTMLCanvasElement, mask: HTMLImageElement) {
  const drawing = canvas.getContext("2d");
  if (!drawing) return;
  drawing.globalCompositeOperation = "copy";
  drawing.drawImage(mask, 0, 0, canvas.width, canvas.height);
  const pixels = drawing.getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < pixels.data.length; at += 4) {
    const light = pixels.data[at] ?? 0;
    pixels.data.set([...RED_GREEN_BLUE, light], at);
  }
  drawing.putImageData(pixels, 0, 0);
}

/** The paint as white upon black, which is how the server takes it. */
function fileOf(canvas: HTMLCanvasElement): Promise<File> {
  const whole = document.createElement("canvas");
  whole.width = canvas.width;
  whole.height = canvas.height;
  const drawing = whole.getContext("2d");
  if (drawing) {
    drawing.drawImage(canvas, 0, 0);
    for (const [operation, colour] of [["source-in", "#fff"], ["destination-over", "#000"]] as const) {
      drawing.globalCompositeOperation = operation;
      drawing.fillStyle = colour;
      drawing.fillRect(0, 0, whole.width, whole.height);
    }
  }
  return new Promise((resolve, reject) =>
    whole.toBlob((blob) => (blob ? resolve(new File([blob], "mask.png")) : reject(new Error(words.unreadable))), "image/png"),
  );
}

function isEmpty(canvas: HTMLCanvasElement): boolean {
  const pixels = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
  for (let at = 3; at < pixels.length; at += 4) if (pixels[at]) return false;
  return true;
}

/** Paint over what is drawn anew: with a pointer, with the arrow keys and the space bar, or by a file. */
export function MaskDialog({ name, mask, onMask, onClose }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const last = useRef<Point | null>(null);
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  const [brush, setBrush] = useState(12); // per cent of the shorter side
  const [tool, setTool] = useState("paint");
  const [cursor, setCursor] = useState<Point>({ x: 0.5, y: 0.5 }); // parts of width and height
  const [wasEmpty, setWasEmpty] = useState(false);
  const [failed, setFailed] = useState<Error | null>(null);

  useEffect(() => {
    loaded(fullOf(name)).then((image) => setSize({ width: image.naturalWidth, height: image.naturalHeight }), setFailed);
  }, [name]);
  useEffect(() => {
    if (size === null || mask === null) return;
    loaded(fullOf(mask)).then((image) => canvas.current && fill(canvas.current, image), setFailed);
  }, [size, mask]);

  const keep = useMutation({
    meta: { quiet: true },
    mutationFn: async (painted: HTMLCanvasElement) => (await uploaded(await fileOf(painted), "mask")).image_name,
    onSuccess: onMask,
  });

  const wide = size ? (brush / 100) * Math.min(size.width, size.height) : 0;
  const stroke = (from: Point, to: Point) => {
    const drawing = canvas.current?.getContext("2d");
    if (!drawing || !size) return;
    drawing.globalCompositeOperation = tool === "erase" ? "destination-out" : "source-over";
    drawing.strokeStyle = PAINT;
    drawing.lineWidth = wide;
    drawing.lineCap = "round";
    drawing.beginPath();
    drawing.moveTo(from.x * size.width, from.y * size.height);
    drawing.lineTo(to.x * size.width, to.y * size.height);
    drawing.stroke();
    setWasEmpty(false);
  };
  const placeOf = (event: PointerEvent): Point => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  };
  const down = (event: PointerEvent) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    last.current = placeOf(event);
    setCursor(last.current);
    stroke(last.current, last.current);
  };
  const moved = (event: PointerEvent) => {
    if (last.current === null) return;
    const to = placeOf(event);
    stroke(last.current, to);
    last.current = to;
    setCursor(to);
  };
  const pressed = (event: KeyboardEvent) => {
    const step = brush / 200;
    const to = {
      ArrowLeft: { x: Math.max(0, cursor.x - step), y: cursor.y },
      ArrowRight: { x: Math.min(1, cursor.x + step), y: cursor.y },
      ArrowUp: { x: cursor.x, y: Math.max(0, cursor.y - step) },
      ArrowDown: { x: cursor.x, y: Math.min(1, cursor.y + step) },
      " ": cursor,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (event.key === " " || event.shiftKey) stroke(cursor, to);
    setCursor(to);
  };
  const all = (paint: boolean) => {
    const drawing = canvas.current?.getContext("2d");
    if (!drawing || !size) return;
    drawing.globalCompositeOperation = paint ? "source-over" : "destination-out";
    drawing.fillStyle = PAINT;
    drawing.fillRect(0, 0, size.width, size.height);
  };
  const invert = () => {
    const drawing = canvas.current?.getContext("2d");
    if (!drawing || !size) return;
    drawing.globalCompositeOperation = "xor";
    drawing.fillStyle = PAINT;
    drawing.fillRect(0, 0, size.width, size.height);
  };
  const apply = () => {
    if (!canvas.current) return;
    if (isEmpty(canvas.current)) setWasEmpty(true);
    else keep.mutate(canvas.current);
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={words.title}
      closeButtonProps={{ "aria-label": texts.common.close }}
    >
      <Stack gap="sm">
        <Text size="sm">{words.lead}</Text>
        <Refusal error={failed ?? keep.error} />
        <div className="mask" style={size ? { aspectRatio: size.width / size.height, width: `min(100%, ${PAPER} * ${size.width / size.height})` } : undefined}>
          <img src={fullOf(name)} alt={words.under} />
          {size && (
            <canvas
              ref={canvas}
              width={size.width}
              height={size.height}
              tabIndex={0}
              role="application"
              aria-label={words.canvas}
              aria-describedby="mask-keys"
              onPointerDown={down}
              onPointerMove={moved}
              onPointerUp={() => {
                last.current = null;
              }}
              onKeyDown={pressed}
              data-autofocus
            />
          )}
          {size && (
            <span
              className="mask-brush"
              aria-hidden
              style={{
                left: `${100 * cursor.x}%`,
                top: `${100 * cursor.y}%`,
                width: `${(100 * wide) / size.width}%`,
              }}
            />
          )}
        </div>
        <Text size="xs" id="mask-keys">
          {words.keys}
        </Text>
        <Group justify="space-between" align="flex-end">
          <SegmentedControl
            aria-label={words.tool}
            value={tool}
            onChange={setTool}
            data={[
              { value: "paint", label: words.paint },
              { value: "erase", label: words.erase },
            ]}
          />
          <div style={{ flex: "1 1 140px" }}>
            <Text size="xs" id="mask-brush">
              {words.brush}
            </Text>
            <Slider
              thumbProps={{ "aria-labelledby": "mask-brush" }}
              thumbSize={24}
              label={null}
              min={2}
              max={50}
              value={brush}
              onChange={setBrush}
            />
          </div>
        </Group>
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={() => all(false)}>
            {words.clear}
          </Button>
          <Button size="xs" variant="default" onClick={invert}>
            {words.invert}
          </Button>
          <FileButton
            accept="image/*"
            onChange={(file) => {
              if (!file) return;
              const address = URL.createObjectURL(file);
              loaded(address)
                .then((image) => canvas.current && fill(canvas.current, image), setFailed)
                .finally(() => URL.revokeObjectURL(address));
            }}
          >
            {(props) => (
              <Button {...props} size="xs" variant="default">
                {words.fromFile}
              </Button>
            )}
          </FileButton>
        </Group>
        {wasEmpty && (
          <Alert color="yellow" role="alert">
            {words.empty}
          </Alert>
        )}
        <DialogEnd onCancel={onClose}>
          <Button loading={keep.isPending} disabled={size === null} onClick={apply}>
            {words.apply}
          </Button>
        </DialogEnd>
      </Stack>
    </Modal>
  );
}
