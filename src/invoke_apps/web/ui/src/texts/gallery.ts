export const gallery = {
  boards: "Boards",
  pictures: "Pictures",
  all: "All pictures",
  uncategorized: "No board",
  newBoard: "New board",
  boardName: "Name of the board",
  count: (images: number) => (images === 1 ? "1 picture" : `${images} pictures`),
  of: (name: string) => `by ${name}`,
  picture: (at: string) => `Picture of ${at}`,
};
