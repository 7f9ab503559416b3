export const models = {
  name: "Name",
  base: "Base",
  type: "Type",
  format: "Format",
  size: "Size",
  description: "Description",
  none: "No models are installed.",
  readOnly: "Administrators change models.",
};
