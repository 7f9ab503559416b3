import { Slider, Text } from "@mantine/core";

import { texts } from "../../texts";

const words = texts.generate;

interface Props {
  value: number;
  onChange(value: number): void;
}

/** How much of the starting image is made anew, from nothing to all. */
export function Strength({ value, onChange }: Props) {
  return (
    <div>
      <Text size="sm" id="strength">
        {words.strength}: {value.toFixed(2)}
      </Text>
      <Slider
        thumbProps={{ "aria-labelledby": "strength" }}
        label={null}
        size="lg"
        thumbSize={26}
        my={6}
        min={0}
        max={1}
        step={0.05}
        value={value}
        onChange={onChange}
      />
      <Text size="xs">{words.strengthHint}</Text>
    </div>
  );
}
