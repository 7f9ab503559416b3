import { api, data, type Schemas } from "../../api/client";

/** Hand a picture to the server: one to begin with, or a mask, which no gallery shows. */
export function uploaded(file: File, category: "user" | "mask"): Promise<Schemas["ImageView"]> {
  return data(
    api.POST("/api/v1/images/upload", {
      params: { query: { image_category: category, is_intermediate: category === "mask" } },
      body: { file: file as unknown as string },
      bodySerializer: () => {
        const form = new FormData();
        form.set("file", file);
        return form;
      },
    }),
  );
}
