package main

import "fmt"
import "gonext.io/gonext"
import "strings"

func init() {
	gonext.Filter("the_content", func(text string, _ gonext.Args) (string, error) {
		var out strings.Builder
		for {
			before, rest, _ := strings.Cut(text, "*")
			marked, after, paired := strings.Cut(rest, "*")
			if !paired {
				return out.String() + text, nil
			}
			out.WriteString(before + "<em>" + marked + "</em>")
			text = after
		}
	})
	gonext.Action("save_post", func(args gonext.Args) error {
		gonext.LogInfo(fmt.Sprintf("saved post %s", args))
		return nil
	})
	gonext.Get("/hello/{name}", func(r *gonext.Request) (*gonext.Response, error) {
		return gonext.Text("Hello, " + r.Param("name") + "!"), nil
	})
}

func main() {}
