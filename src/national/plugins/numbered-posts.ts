/**
 * Posts of an activity: the station's postId may hold characters that national numbers may not, so the national
 * number is the activity's number and the post's place in the list (G-58).
 */
export function numberedPosts(value: unknown, context: { readonly bizNo: string }): unknown {
  if (!Array.isArray(value)) return undefined;
  return value.map((post: unknown, index) => {
    const { name, need } = (post ?? {}) as { readonly name?: unknown; readonly need?: unknown };
    return { postBizNo: `${context.bizNo}-${index}`, name, need };
  });
}
