import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { BrowserRouter, Routes, Route } from "react-router-dom";
import * as Tabs from "@radix-ui/react-tabs";
import * as Dialog from "@radix-ui/react-dialog";
import * as Select from "@radix-ui/react-select";
import { LineChart, Line, XAxis, YAxis } from "recharts";
import { Toaster } from "sonner";
import { format } from "date-fns";
import { Building2, Search } from "lucide-react";
import { createClient } from "@supabase/supabase-js";
import { z } from "zod";
import { cn } from "@/lib/utils";

const supabase = createClient(import.meta.env.VITE_SUPABASE_URL ?? "https://abcd.supabase.co", import.meta.env.VITE_SUPABASE_KEY ?? "anon");
const client = new QueryClient();
const Row = z.object({ month: z.string(), spent: z.number() });
const data = [1, 2, 3, 4, 5].map((m) => Row.parse({ month: "M" + m, spent: m * 120 }));

function Index() {
  return (
    <main className={cn("p-8", "text-slate-800")}>
      <h1 className="text-3xl font-bold flex gap-2"><Building2 /> Vendor hub</h1>
      <p>{format(new Date(2026, 1, 1), "PPP")} <Search /></p>
      <Tabs.Root defaultValue="a"><Tabs.List><Tabs.Trigger value="a">Spending</Tabs.Trigger></Tabs.List>
        <Tabs.Content value="a"><LineChart width={500} height={200} data={data}><XAxis dataKey="month" /><YAxis /><Line dataKey="spent" /></LineChart></Tabs.Content>
      </Tabs.Root>
      <Dialog.Root><Dialog.Trigger>Open</Dialog.Trigger></Dialog.Root>
      <Select.Root><Select.Trigger /></Select.Root>
      <span hidden>{supabase ? "" : "none"}</span>
    </main>
  );
}
const App = () => (
  <QueryClientProvider client={client}><Toaster /><BrowserRouter><Routes><Route path="/" element={<Index />} /><Route path="*" element={<p>Not here</p>} /></Routes></BrowserRouter></QueryClientProvider>
);
export default App;
