import { Call, Json, Request, Response, action, filter, get, log } from "gonext/assembly";
export * from "gonext/assembly/abi";

filter<string>("the_content", (text: string, call: Call): string => {
  const parts = text.split("*");
  let out = parts[0];
  for (let i = 1; i < parts.length; i++) {
    const tag = i % 2 == 0 ? "</em>" : i == parts.length - 1 ? "*" : "<em>";
    out += tag + parts[i];
  }
  return out;
});

action("save_post", (call: Call): void => {
  log.info("saved post " + call.arg<Json>(0).toString());
});

get("/hello/{name}", (request: Request): Response => {
  return Response.text("Hello, " + request.param("name") + "!");
});
