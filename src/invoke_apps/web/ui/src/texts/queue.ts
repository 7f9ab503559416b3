export const queue = {
  mine: "My jobs",
  others: "In the queue",
  job: "Job",
  status: "Status",
  prompt: "Prompt",
  created: "Added",
  cancel: "Cancel",
  cancelJob: (item: number) => `Cancel job ${item}`,
  none: "You have no jobs.",
  states: (status: string) =>
    ({ pending: "Waiting", in_progress: "Running", completed: "Done", failed: "Failed", canceled: "Canceled" })[status] ?? status,
  badgeShort: (mine: number, all: number) => `${mine}/${all}`,
};
